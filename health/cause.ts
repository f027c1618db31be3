/** Why a check failed, in the words of logs and alerts. Undefined if it passed. */
export type Cause = string | undefined;

export function causeOf(error: unknown): string {
  const { name, code } = error as { name?: string; code?: string };
  if (name === 'TimeoutError' || code === 'UND_ERR_CONNECT_TIMEOUT') return 'timeout';
  switch (code) {
    case 'ECONNREFUSED':
      return 'refused';
    case 'ECONNRESET':
    case 'UND_ERR_SOCKET':
      return 'connection reset';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'unreachable';
    default:
      return name === 'HTTPParserError' ? 'not HTTP' : (code ?? name ?? 'unknown error');
  }
}
