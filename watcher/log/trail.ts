import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { identityOf, isSameFile, type LogFile } from './log-file.ts';

/** @throws what open(2) can fail with, but for ENOENT */
export type Open = (path: string) => LogFile | undefined;

/** Logs in the order in which they were written. */
export interface Trail {
  readonly files: readonly LogFile[];
  /** The one that was looked for is the first of them; false: it is gone, and they are what was written later. */
  readonly found: boolean;
}

/**
 * Opens the log that is looked for, whatever it is called now, and all that were written after it, up to the one that has
 * the name. Undefined: the names were shifted meanwhile, or there is nothing to read; it can be tried again.
 * @param gone when the one that is looked for was still written to: if it is gone, all that were changed since come after it
 */
export function openTrail(path: string, open: Open, isIt: (file: LogFile) => boolean, gone: number): Trail | undefined {
  const files: LogFile[] = [];
  const giveUp = () => {
    for (const file of files) file.close();
    return undefined;
  };
  try {
    // Without the name there is nothing new yet, but the one that is looked for may have been rotated away.
    const newest = open(path);
    if (newest !== undefined) files.unshift(newest);
    let found = newest !== undefined && isIt(newest);
    for (const name of found ? [] : rotatedPaths(path)) {
      const file = openIfPossible(name, open);
      if (file === undefined) continue;
      files.unshift(file);
      found = isIt(file);
      if (found) break;
    }
    // Looked at last: a rotation in the meantime would have shifted the names under the loop.
    if (!hasName(path, newest)) return giveUp();
    if (found) return { files, found };
    if (newest === undefined) return giveUp();
    const later = files.filter((file) => file === newest || file.writtenMs() > gone);
    for (const file of files) if (!later.includes(file)) file.close();
    return { files: later, found };
  } catch (error) {
    giveUp();
    throw error;
  }
}

/** A rotated log that cannot be read must not keep the others from being read. */
export function openIfPossible(path: string, open: Open): LogFile | undefined {
  try {
    return open(path);
  } catch {
    return undefined;
  }
}

function hasName(path: string, file: LogFile | undefined): boolean {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (stats === undefined || file === undefined) return stats === undefined && file === undefined;
  return isSameFile(identityOf(stats), file.identity);
}

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
