import { hash } from 'node:crypto';
import { readSync } from 'node:fs';

const headBytes = 1_024;
/**
 * A shorter head may be the beginning of a line. The edge writes whole lines, so a longer one includes the first line's time and
 * request id, which no other log shares.
 */
const identifyingBytes = 128;

/**
 * The first bytes of an open log: more as it grows, up to 1024. They do not change while the log only grows, and no two
 * logs share them.
 */
export class LogHead {
  readonly #descriptor: number;
  readonly #known = Buffer.allocUnsafeSlow(headBytes);
  #length = 0;
  #fingerprint = emptyFingerprint;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
    this.isUnchanged();
  }

  get fingerprint(): Fingerprint {
    if (this.#fingerprint.bytes !== this.#length) {
      this.#fingerprint = fingerprintOf(this.#known.subarray(0, this.#length));
    }
    return this.#fingerprint;
  }

  /** False if the log was truncated, even if it has grown again since. Takes about 2 µs. */
  isUnchanged(): boolean {
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
    // Otherwise, new first bytes of the same length would keep the old fingerprint.
    this.#fingerprint = emptyFingerprint;
    this.isUnchanged();
  }

  /** True if the log starts with the bytes of this fingerprint. */
  matches({ bytes, sha256 }: Fingerprint): boolean {
    return bytes <= this.#length && fingerprintOf(this.#known.subarray(0, bytes)).sha256 === sha256;
  }
}

/**
 * True if the fingerprint is long enough to identify a log without its inode and device: a copy has another inode, and a new
 * mount may change both.
 */
export function identifiesLog({ bytes }: Fingerprint): boolean {
  return bytes >= identifyingBytes;
}

const scratch = Buffer.allocUnsafeSlow(headBytes);

/** Identifies bytes without storing them, because a log contains what visitors sent. */
export interface Fingerprint {
  readonly bytes: number;
  /** Hexadecimal; the hash of exactly `bytes` bytes. */
  readonly sha256: string;
}

export function fingerprintOf(bytes: Buffer): Fingerprint {
  return { bytes: bytes.length, sha256: hash('sha256', bytes) };
}

export const emptyFingerprint: Fingerprint = fingerprintOf(Buffer.alloc(0));

/** Usually at least one whole line. No two lines have the same time and request id. */
export const markBytes = 1_024;
const newline = 0x0a;

/**
 * The last bytes before the reading position. They do not change while the log only grows. If they differ, the log was cut and
 * has grown again, even if its first bytes are the same.
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

  /**
   * The fingerprint without the last `lastBytes` bytes, which is the mark of an earlier position. Empty if that is before
   * the known bytes.
   */
  fingerprintBefore(lastBytes: number): Fingerprint {
    return fingerprintOf(this.#known.subarray(0, Math.max(0, this.#length - lastBytes)));
  }

  /** True if the known bytes end with the bytes of this fingerprint, or if it is empty. */
  matches({ bytes, sha256 }: Fingerprint): boolean {
    return (
      bytes <= this.#length && fingerprintOf(this.#known.subarray(this.#length - bytes, this.#length)).sha256 === sha256
    );
  }

  /** True if `bytes` starts with the known bytes. */
  isStartOf(bytes: Buffer): boolean {
    return bytes.length >= this.#length && bytes.compare(this.#known, 0, this.#length, 0, this.#length) === 0;
  }

  /** Moves the position to the end of `bytes`. */
  set(bytes: Buffer): void {
    this.#length = bytes.copy(this.#known, 0, Math.max(0, bytes.length - markBytes));
  }

  /** Reads the bytes before `offset` in an open log. Returns `offset`, or the length of a shorter log. */
  read(descriptor: number, offset: number): number {
    const from = Math.max(0, offset - markBytes);
    this.#length = readSync(descriptor, this.#known, 0, offset - from, from);
    return from + this.#length;
  }
}
