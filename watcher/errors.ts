import { systemErrorName } from '../system/error-code.ts';

/** An error's message, with names for the system errors that Node.js does not know. */
export function messageOf(error: Error): string {
  const name = systemErrorName(error);
  return name === undefined ? error.message : error.message.replaceAll(/Unknown system error -\d+/g, name);
}

/** The log fields for an unexpected error: code and stack, but not the message, which may quote a request or a secret. */
export function traceOf(error: unknown): { readonly code?: unknown; readonly stack?: readonly string[] } {
  if (!(error instanceof Error)) return {};
  const stack = error.stack?.split('\n').slice(1, 8) ?? [];
  return 'code' in error ? { code: error.code, stack } : { stack };
}
