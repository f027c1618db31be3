import { constants } from 'node:os';

const names = new Map(Object.entries(constants.errno).map(([name, number]) => [number, name]));

/** A system error's name. Node does not know them all: ESTALE has the code and the message "Unknown system error -116". */
export function errnoName(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('errno' in error)) return undefined;
  return names.get(-Number(error.errno));
}

/** An error's message, with its name. */
export function messageOf(error: Error): string {
  const name = errnoName(error);
  return name === undefined ? error.message : error.message.replaceAll(/Unknown system error -\d+/g, name);
}

/** What the log is told of an unexpected error: its code and where it was, as its message can hold what it was about. */
export function traceOf(error: unknown): { readonly code?: unknown; readonly stack?: readonly string[] } {
  if (!(error instanceof Error)) return {};
  const stack = error.stack?.split('\n').slice(1, 8) ?? [];
  return 'code' in error ? { code: error.code, stack } : { stack };
}
