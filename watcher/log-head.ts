import { hash } from 'node:crypto';
import { readSync } from 'node:fs';

/** The first bytes of a log: they never change while it only grows, and no two logs share them. */
export interface HeadPrint {
  readonly bytes: number;
  /** Hexadecimal, of exactly that many bytes. */
  readonly sha256: string;
}

const headBytes = 1_024;
/** So much of a log holds a time in milliseconds and a request's id: another log with the same is a copy of it. */
const tellingBytes = 128;
const empty: HeadPrint = { bytes: 0, sha256: hash('sha256', '') };

/** Remembers how an open log begins, and more of it as it grows. */
export class LogHead {
  readonly #descriptor: number;
  readonly #known = Buffer.allocUnsafeSlow(headBytes);
  #length = 0;
  #print = empty;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
    this.holds();
  }

  get print(): HeadPrint {
    if (this.#print.bytes !== this.#length) this.#print = printOf(this.#known.subarray(0, this.#length));
    return this.#print;
  }

  /** Still the same beginning; false: the log was truncated, and has perhaps grown again since. About 2 µs. */
  holds(): boolean {
    const read = readSync(this.#descriptor, scratch, 0, headBytes, 0);
    if (read < this.#length || scratch.compare(this.#known, 0, this.#length, 0, this.#length) !== 0) return false;
    if (read > this.#length) {
      scratch.copy(this.#known, this.#length, this.#length, read);
      this.#length = read;
    }
    return true;
  }

  /** Begins anew, after a truncation. */
  forget(): void {
    this.#length = 0;
    // Of the same length, another beginning would be taken for the old one.
    this.#print = empty;
    this.holds();
  }

  /** Begins as that one did when it was shorter or as long. */
  matches({ bytes, sha256 }: HeadPrint): boolean {
    return bytes <= this.#length && printOf(this.#known.subarray(0, bytes)).sha256 === sha256;
  }
}

/** Long enough to be proof without the inode: a copy has another, and devices are numbered anew at a mount. */
export function isTelling({ bytes }: HeadPrint): boolean {
  return bytes >= tellingBytes;
}

const scratch = Buffer.allocUnsafeSlow(headBytes);

function printOf(bytes: Buffer): HeadPrint {
  return { bytes: bytes.length, sha256: hash('sha256', bytes) };
}
