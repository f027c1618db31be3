import { systemErrorName } from '../system/error-code.ts';

/** An error's message, with the name of a system error that Node does not know. */
export function messageOf(error: Error): string {
  const name = systemErrorName(error);
  return name === undefined ? error.message : error.message.replaceAll(/Unknown system error -\d+/g, name);
}

/** What the log gets of an unexpected error: its code and stack, but no message, which may quote a request or a secret. */
export function traceOf(error: unknown): { readonly code?: unknown; readonly stack?: readonly string[] } {
  if (!(error instanceof Error)) return {};
  const stack = error.stack?.split('\n').slice(1, 8) ?? [];
  return 'code' in error ? { code: error.code, stack } : { stack };
}
