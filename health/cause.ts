/** Why a check failed, in the words of logs and alerts. Undefined if it passed. */
export type Cause = string | undefined;

export function causeOf(error: unknown): string {
  const { name, code } = error as { name?: string; code?: string };
  switch (code) {
    case 'ECONNREFUSED':
      return 'refused';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'connection reset';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'unreachable';
    default:
      return code ?? name ?? 'unknown error';
  }
}
