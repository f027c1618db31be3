import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { identityOf, isSameFile, type LogFile } from './log-file.ts';

/** @throws the errors of open(2), except ENOENT */
export type Open = (path: string) => LogFile | undefined;

/** Logs, oldest first. */
export interface Trail {
  readonly files: readonly LogFile[];
  /** True if the first one is the log that was searched for; false if that is gone and all of these are later. */
  readonly found: boolean;
}

/**
 * Finds a log whatever its name is now, and opens it and all later ones up to the one at `path`. Returns undefined, for the
 * caller to retry, if the logs were renamed meanwhile or there is nothing to read.
 * @param isTarget recognizes the log that is searched for
 * @param writtenMs when that log was last known to be written, in epoch milliseconds: if it is gone, logs written since are
 *   the later ones
 */
export function openTrail(
  path: string,
  open: Open,
  isTarget: (file: LogFile) => boolean,
  writtenMs: number,
): Trail | undefined {
  const files: LogFile[] = [];
  const giveUp = () => {
    for (const file of files) file.close();
    return undefined;
  };
  try {
    // If nothing has the name, there is no new log yet, but the one searched for may have been rotated.
    const newest = open(path);
    if (newest !== undefined) files.unshift(newest);
    let found = newest !== undefined && isTarget(newest);
    for (const name of found ? [] : rotatedPaths(path)) {
      const file = openIfPossible(name, open);
      if (file === undefined) continue;
      files.unshift(file);
      found = isTarget(file);
      if (found) break;
    }
    // Checked last, because a rotation during the loop renames the logs.
    if (!hasName(path, newest)) return giveUp();
    if (found) return { files, found };
    if (newest === undefined) return giveUp();
    const later = files.filter((file) => file === newest || file.writtenMs() > writtenMs);
    for (const file of files) if (!later.includes(file)) file.close();
    return { files: later, found };
  } catch (error) {
    giveUp();
    throw error;
  }
}

/** Undefined if the rotated log cannot be opened, so that the others are still read. */
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

/** The paths of the rotated logs, newest (`access.log.1`) first. */
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
