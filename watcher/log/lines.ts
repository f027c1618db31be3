/** Takes one line, without its newline: `bytes` from `from` up to `to`. The buffer is reused after the call. */
export type LineSink = (bytes: Buffer, from: number, to: number) => void;

/** The edge never writes a longer line. */
export const maxLineBytes = 64 * 1024;

const newline = 0x0a;
const carriageReturn = 0x0d;

/** Splits a stream of bytes into lines. Keeps a partial line until its newline arrives. */
export class LineSplitter {
  readonly #sink: LineSink;
  readonly #tooLong: () => void;
  /** Reused; grows to the longest line that arrived in pieces. */
  #partial = Buffer.alloc(0);
  #partialBytes = 0;
  #skipping = false;

  /** @param tooLong called for each line longer than `maxLineBytes`, which is skipped */
  constructor(sink: LineSink, tooLong: () => void) {
    this.#sink = sink;
    this.#tooLong = tooLong;
  }

  /** Bytes received since the last complete line, without those of a line that is too long. */
  get pendingBytes(): number {
    return this.#partialBytes;
  }

  /** Drops a partial line. */
  reset(): void {
    this.#partialBytes = 0;
    this.#skipping = false;
  }

  /** Skips everything up to the next newline, because reading started inside a line. */
  skipToNewline(): void {
    this.#skipping = true;
  }

  push(bytes: Buffer): void {
    let from = 0;
    let to = bytes.indexOf(newline);
    if (to >= 0 && (this.#skipping || this.#partialBytes > 0)) {
      this.#endPartial(bytes, to);
      from = to + 1;
      to = bytes.indexOf(newline, from);
    }
    while (to >= 0) {
      if (to - from > maxLineBytes) this.#tooLong();
      else this.#emit(bytes, from, to);
      from = to + 1;
      to = bytes.indexOf(newline, from);
    }
    if (from < bytes.length) this.#keep(bytes, from);
  }

  /** Completes the partial line with `bytes` up to `to`. */
  #endPartial(bytes: Buffer, to: number): void {
    const length = this.#partialBytes + to;
    if (this.#skipping) this.reset();
    else if (length > maxLineBytes) {
      this.reset();
      this.#tooLong();
    } else {
      this.#append(bytes, 0, to);
      this.reset();
      this.#emit(this.#partial, 0, length);
    }
  }

  #keep(bytes: Buffer, from: number): void {
    if (this.#skipping) return;
    if (this.#partialBytes + bytes.length - from > maxLineBytes) {
      this.#partialBytes = 0;
      this.#skipping = true;
      this.#tooLong();
    } else {
      this.#append(bytes, from, bytes.length);
    }
  }

  #append(bytes: Buffer, from: number, to: number): void {
    const length = this.#partialBytes + to - from;
    if (length > this.#partial.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(length, Math.min(maxLineBytes, 2 * this.#partial.length)));
      this.#partial.copy(grown, 0, 0, this.#partialBytes);
      this.#partial = grown;
    }
    bytes.copy(this.#partial, this.#partialBytes, from, to);
    this.#partialBytes = length;
  }

  #emit(bytes: Buffer, from: number, to: number): void {
    const end = to > from && bytes[to - 1] === carriageReturn ? to - 1 : to;
    this.#sink(bytes, from, end);
  }
}
