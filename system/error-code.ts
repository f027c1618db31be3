import { constants } from 'node:os';

const namesByNumber = new Map(Object.entries(constants.errno).map(([name, number]) => [number, name]));

/**
 * The code of an error, such as `ENOENT`; undefined if it has none. A message may quote the data that the error is about; a
 * code never does.
 */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return systemErrorName(error) ?? String(error.code);
}

/**
 * The name of a system error, such as `ESTALE`; undefined for other errors. Node has no name for some: it gives ESTALE the
 * code and the message "Unknown system error -116".
 */
export function systemErrorName(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('errno' in error)) return undefined;
  return namesByNumber.get(-Number(error.errno));
}
