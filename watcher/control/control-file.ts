import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { errorCode } from '../../system/error-code.ts';

/** The content of a file, or why it could not be read. */
export type ControlContent =
  | { readonly found: 'nothing' }
  | { readonly found: 'fault'; readonly fault: string }
  /** `whole` is true if the text starts at the beginning of the file. */
  | { readonly found: 'text'; readonly text: string; readonly whole: boolean };

/** A small file in the control directory, which is read only when it has changed. */
export class ControlFile {
  readonly #path: string;
  readonly #maxBytes: number;
  #seen: string | undefined;

  /** @param maxBytes for a larger file, only the end is read */
  constructor(path: string, maxBytes: number) {
    this.#path = path;
    this.#maxBytes = maxBytes;
  }

  /** Undefined if the file has not changed since the last call. */
  read(): ControlContent | undefined {
    const stats = statOf(this.#path);
    const stamp = stats === undefined ? '' : stampOf(stats);
    if (stamp === this.#seen) return undefined;
    this.#seen = stamp;
    return stats === undefined ? { found: 'nothing' } : this.#content();
  }

  #content(): ControlContent {
    let descriptor: number | undefined;
    try {
      // O_NONBLOCK: opening a named pipe would block forever.
      descriptor = openSync(this.#path, constants.O_RDONLY | constants.O_NONBLOCK);
      const stats = fstatSync(descriptor);
      if (!stats.isFile()) return { found: 'fault', fault: 'not a regular file' };
      // Taken before reading, so that a write during the read counts as a change.
      this.#seen = stampOf(stats);
      const length = Math.min(stats.size, this.#maxBytes);
      const bytes = Buffer.alloc(length);
      const read = readSync(descriptor, bytes, 0, length, stats.size - length);
      return { found: 'text', text: bytes.toString('utf8', 0, read), whole: length === stats.size };
    } catch (error) {
      const code = errorCode(error) ?? 'unreadable';
      if (code === 'ENOENT') return { found: 'nothing' };
      return { found: 'fault', fault: code };
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
    }
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function stampOf({ ino, size, mtimeMs, ctimeMs }: Stats): string {
  return `${ino}/${size}/${mtimeMs}/${ctimeMs}`;
}
