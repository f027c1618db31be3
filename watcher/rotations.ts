import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type FileIdentity, identityOf, isSameFile } from './log-file.ts';

/** A log by the name that it had when it was looked at. */
export interface RotatedLog {
  readonly path: string;
  readonly identity: FileIdentity;
}

/**
 * The rotated logs (`access.log.1` is the newest) that were written after the one with this identity, oldest first:
 * several rotations can pass between two looks. Empty if that one is no longer there, or nothing came in between.
 */
export function rotatedSince(path: string, identity: FileIdentity): RotatedLog[] {
  const prefix = `${basename(path)}.`;
  const numbers = readdirSync(dirname(path))
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length))
    .filter((suffix) => /^\d{1,6}$/.test(suffix))
    .map(Number)
    .sort((one, other) => one - other);
  const newer: RotatedLog[] = [];
  for (const number of numbers) {
    const name = join(dirname(path), prefix + number);
    const stats = statSync(name, { bigint: true, throwIfNoEntry: false });
    if (stats === undefined) continue;
    const found = { path: name, identity: identityOf(stats) };
    if (isSameFile(found.identity, identity)) return newer;
    newer.unshift(found);
  }
  return [];
}
