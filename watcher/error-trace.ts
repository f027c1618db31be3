/** What the log is told of an unexpected error: its code and where it was, as its message can hold what it was about. */
export function traceOf(error: unknown): { readonly code?: unknown; readonly stack?: readonly string[] } {
  if (!(error instanceof Error)) return {};
  const stack = error.stack?.split('\n').slice(1, 8) ?? [];
  return 'code' in error ? { code: error.code, stack } : { stack };
}
