import { readSync } from 'node:fs';
import { type Fingerprint, fingerprintOf, ofNothing } from './fingerprint.ts';

const headBytes = 1_024;
/** So much of a log holds a time in milliseconds and a request's id: another log with the same is a copy of it. */
const tellingBytes = 128;

/**
 * The first bytes of an open log, and more of them as it grows: they never change while it only does that, and no two logs
 * share them.
 */
export class LogHead {
  readonly #descriptor: number;
  readonly #known = Buffer.allocUnsafeSlow(headBytes);
  #length = 0;
  #print = ofNothing;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
    this.holds();
  }

  get print(): Fingerprint {
    if (this.#print.bytes !== this.#length) this.#print = fingerprintOf(this.#known.subarray(0, this.#length));
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
    this.#print = ofNothing;
    this.holds();
  }

  /** Begins as that one did when it was shorter or as long. */
  matches({ bytes, sha256 }: Fingerprint): boolean {
    return bytes <= this.#length && fingerprintOf(this.#known.subarray(0, bytes)).sha256 === sha256;
  }
}

/** Long enough to be proof without the inode: a copy has another, and devices are numbered anew at a mount. */
export function isTelling({ bytes }: Fingerprint): boolean {
  return bytes >= tellingBytes;
}

const scratch = Buffer.allocUnsafeSlow(headBytes);
