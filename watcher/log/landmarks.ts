import { hash } from 'node:crypto';
import { readSync } from 'node:fs';

const headBytes = 1_024;
/** The first bytes contain a time in milliseconds and a request id, so a log with the same ones is a copy. */
const tellingBytes = 128;

/**
 * The first bytes of an open log, up to a limit as it grows. They never change while it only grows, and no two logs share
 * them.
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

  /** False if the log was truncated, even if it has grown again since. Takes about 2 µs. */
  holds(): boolean {
    const read = readSync(this.#descriptor, scratch, 0, headBytes, 0);
    if (read < this.#length || scratch.compare(this.#known, 0, this.#length, 0, this.#length) !== 0) return false;
    if (read > this.#length) {
      scratch.copy(this.#known, this.#length, this.#length, read);
      this.#length = read;
    }
    return true;
  }

  /** Starts over after a truncation. */
  forget(): void {
    this.#length = 0;
    // Otherwise a new beginning of the same length would keep the old fingerprint.
    this.#print = ofNothing;
    this.holds();
  }

  /** True if this log starts with the bytes of that fingerprint. */
  matches({ bytes, sha256 }: Fingerprint): boolean {
    return bytes <= this.#length && fingerprintOf(this.#known.subarray(0, bytes)).sha256 === sha256;
  }
}

/** Long enough to identify a log without its inode, which differs in a copy and, with the device, after a mount. */
export function isTelling({ bytes }: Fingerprint): boolean {
  return bytes >= tellingBytes;
}

const scratch = Buffer.allocUnsafeSlow(headBytes);

/** Identifies bytes without storing them, as a log contains what visitors sent. */
export interface Fingerprint {
  readonly bytes: number;
  /** Hexadecimal, of exactly `bytes` bytes. */
  readonly sha256: string;
}

export function fingerprintOf(bytes: Buffer): Fingerprint {
  return { bytes: bytes.length, sha256: hash('sha256', bytes) };
}

export const ofNothing: Fingerprint = fingerprintOf(Buffer.alloc(0));

/** Usually at least one whole line of the edge. No two lines have the same time and request id. */
export const markBytes = 1_024;
const newline = 0x0a;

/**
 * The last bytes before the reading position. They never change while a log only grows. If they differ, the log was cut and
 * has grown again, even if its beginning is the same.
 */
export class LogMark {
  readonly #known = Buffer.allocUnsafeSlow(markBytes);
  #length = 0;

  get bytes(): number {
    return this.#length;
  }

  /** True if the position is at the end of a line. */
  get endsLine(): boolean {
    return this.#length === 0 || this.#known[this.#length - 1] === newline;
  }

  /** The fingerprint for an earlier position, without the last bytes. Empty if the position is before the known bytes. */
  printBefore(lastBytes: number): Fingerprint {
    return fingerprintOf(this.#known.subarray(0, Math.max(0, this.#length - lastBytes)));
  }

  /** True if the known bytes have this fingerprint, or if it is empty. */
  matches({ bytes, sha256 }: Fingerprint): boolean {
    return (
      bytes <= this.#length && fingerprintOf(this.#known.subarray(this.#length - bytes, this.#length)).sha256 === sha256
    );
  }

  /** True if the bytes start with the known ones. */
  isStartOf(bytes: Buffer): boolean {
    return bytes.length >= this.#length && bytes.compare(this.#known, 0, this.#length, 0, this.#length) === 0;
  }

  /** Moves the position to the end of these bytes. */
  set(bytes: Buffer): void {
    this.#length = bytes.copy(this.#known, 0, Math.max(0, bytes.length - markBytes));
  }

  /** Reads the bytes before a position of an open log. Returns the position, or the end of a shorter log. */
  read(descriptor: number, offset: number): number {
    const from = Math.max(0, offset - markBytes);
    this.#length = readSync(descriptor, this.#known, 0, offset - from, from);
    return from + this.#length;
  }
}
