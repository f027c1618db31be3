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
