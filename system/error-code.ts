import { constants } from 'node:os';

const namesByNumber = new Map(Object.entries(constants.errno).map(([name, number]) => [number, name]));

/**
 * The code of an error from Node or one of our own, such as `ENOENT`; undefined if it has none. An error's message may quote
 * what it is about, its code never does.
 */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return systemErrorName(error) ?? String(error.code);
}

/** Node has no name for some: ESTALE has the code and the message "Unknown system error -116". */
export function systemErrorName(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('errno' in error)) return undefined;
  return namesByNumber.get(-Number(error.errno));
}
