import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** The rotated logs by name, the newest (`access.log.1`) first. */
export function rotatedPaths(path: string): string[] {
  if (!existsSync(dirname(path))) return [];
  const prefix = `${basename(path)}.`;
  return readdirSync(dirname(path))
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length))
    .filter((suffix) => /^\d{1,6}$/.test(suffix))
    .map(Number)
    .sort((one, other) => one - other)
    .map((number) => join(dirname(path), prefix + number));
}
