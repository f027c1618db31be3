import { chmodSync, closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Replaces a file atomically and durably: whoever reads it, also after a crash, finds the old or the new content.
 * @throws the file system's error; the old content then stays
 */
export function replaceFile(path: string, content: string, mode: number): void {
  const temporary = `${path}.new`;
  try {
    writeFileSync(temporary, content, { mode, flush: true });
    // The mode above is subject to the umask, and ignored if the file was left behind by a crash.
    chmodSync(temporary, mode);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  // Without this, a power loss can undo the rename.
  const directory = openSync(dirname(path), 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
