import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { errorCode } from '../../system/error-code.ts';

/** What was found under a file's name; `fault`: why it could not be read. */
export type ControlContent =
  | { readonly found: 'nothing' }
  | { readonly found: 'fault'; readonly fault: string }
  /** `whole`: it begins at the file's beginning. */
  | { readonly found: 'text'; readonly text: string; readonly whole: boolean };

/** A small file of the control directory, read again only once it has changed. */
export class ControlFile {
  readonly #path: string;
  readonly #maxBytes: number;
  #seen: string | undefined;

  /** @param maxBytes of a larger file, the end is read */
  constructor(path: string, maxBytes: number) {
    this.#path = path;
    this.#maxBytes = maxBytes;
  }

  /** Undefined: it is as it was. */
  read(): ControlContent | undefined {
    const stats = statOf(this.#path);
    const mark = stats === undefined ? '' : markOf(stats);
    if (mark === this.#seen) return undefined;
    this.#seen = mark;
    return stats === undefined ? { found: 'nothing' } : this.#content();
  }

  #content(): ControlContent {
    let descriptor: number | undefined;
    try {
      // O_NONBLOCK: a pipe put there would block the open for good.
      descriptor = openSync(this.#path, constants.O_RDONLY | constants.O_NONBLOCK);
      const stats = fstatSync(descriptor);
      if (!stats.isFile()) return { found: 'fault', fault: 'not a regular file' };
      // Of before it is read: what is written meanwhile is a change.
      this.#seen = markOf(stats);
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

function markOf({ ino, size, mtimeMs, ctimeMs }: Stats): string {
  return `${ino}/${size}/${mtimeMs}/${ctimeMs}`;
}
