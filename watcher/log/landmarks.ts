import { hash } from 'node:crypto';
import { readSync } from 'node:fs';

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

/** Knows bytes again without keeping them: a log holds what visitors sent. */
export interface Fingerprint {
  readonly bytes: number;
  /** Hexadecimal, of exactly that many bytes. */
  readonly sha256: string;
}

export function fingerprintOf(bytes: Buffer): Fingerprint {
  return { bytes: bytes.length, sha256: hash('sha256', bytes) };
}

export const ofNothing: Fingerprint = fingerprintOf(Buffer.alloc(0));

/** At least a whole line of the edge's, most often: no two have the same time and request's id. */
export const markBytes = 1_024;
const newline = 0x0a;

/**
 * The last bytes before the place where reading stands. While a log only grows they never change; where there are others
 * now, it was cut and has grown again, even if it begins as it did.
 */
export class LogMark {
  readonly #known = Buffer.allocUnsafeSlow(markBytes);
  #length = 0;

  get bytes(): number {
    return this.#length;
  }

  /** What is before the place ends with a line. */
  get endsLine(): boolean {
    return this.#length === 0 || this.#known[this.#length - 1] === newline;
  }

  /** Of all but the last bytes, for a place that is so much earlier. Of nothing, if that is further back than it knows. */
  printBefore(lastBytes: number): Fingerprint {
    return fingerprintOf(this.#known.subarray(0, Math.max(0, this.#length - lastBytes)));
  }

  /** These are the bytes before a place that had this print, or nothing is known of them. */
  matches({ bytes, sha256 }: Fingerprint): boolean {
    return (
      bytes <= this.#length && fingerprintOf(this.#known.subarray(this.#length - bytes, this.#length)).sha256 === sha256
    );
  }

  /** The bytes begin with the known ones. */
  isStartOf(bytes: Buffer): boolean {
    return bytes.length >= this.#length && bytes.compare(this.#known, 0, this.#length, 0, this.#length) === 0;
  }

  /** Reading stands at the end of these now. */
  set(bytes: Buffer): void {
    this.#length = bytes.copy(this.#known, 0, Math.max(0, bytes.length - markBytes));
  }

  /** Looks at what is before a place in an open log. Returns the place, or the end of a log that ends before it. */
  read(descriptor: number, offset: number): number {
    const from = Math.max(0, offset - markBytes);
    this.#length = readSync(descriptor, this.#known, 0, offset - from, from);
    return from + this.#length;
  }
}
