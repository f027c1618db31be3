import { readSync } from 'node:fs';
import { type Fingerprint, fingerprintOf } from './fingerprint.ts';

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
