/** Takes one line: `text` from `from` up to `to`, without its newline; one char a byte (latin1), and `bytes` are those. */
export type LineSink = (text: string, from: number, to: number, bytes: Uint8Array) => void;

/** A longer line is none of the edge's. */
export const maxLineBytes = 64 * 1024;

/** Cuts a stream of bytes into lines; a partial line is kept until its newline comes. */
export class LineSplitter {
  readonly #sink: LineSink;
  readonly #tooLong: () => void;
  #partial = '';
  #skipping = false;

  /** @param tooLong called for each line that was over `maxLineBytes` and has been left out */
  constructor(sink: LineSink, tooLong: () => void) {
    this.#sink = sink;
    this.#tooLong = tooLong;
  }

  /** Bytes taken that no complete line has come of yet. Those of an over-long line are done with: it has been counted. */
  get pendingBytes(): number {
    return this.#partial.length;
  }

  /** Forgets a partial line. */
  reset(): void {
    this.#partial = '';
    this.#skipping = false;
  }

  /** Leaves out everything up to the next newline: reading began in the middle of a line. */
  skipToNewline(): void {
    this.#skipping = true;
  }

  push(bytes: Buffer): void {
    // Any byte is one char of latin1: nothing can be invalid, and offsets stay bytes.
    const text = bytes.toString('latin1');
    let from = 0;
    let to = text.indexOf('\n');
    if (to >= 0 && (this.#skipping || this.#partial !== '')) {
      if (this.#skipping) this.reset();
      else if (this.#partial.length + to > maxLineBytes) {
        this.reset();
        this.#tooLong();
      } else {
        const line = this.#partial + text.slice(0, to);
        this.reset();
        this.#emit(line, Buffer.from(line, 'latin1'), 0, line.length);
      }
      from = to + 1;
      to = text.indexOf('\n', from);
    }
    while (to >= 0) {
      if (to - from > maxLineBytes) this.#tooLong();
      else this.#emit(text, bytes, from, to);
      from = to + 1;
      to = text.indexOf('\n', from);
    }
    if (from < text.length) this.#keep(text.slice(from));
  }

  #keep(rest: string): void {
    if (this.#skipping) return;
    if (this.#partial.length + rest.length > maxLineBytes) {
      this.#partial = '';
      this.#skipping = true;
      this.#tooLong();
    } else {
      this.#partial += rest;
    }
  }

  #emit(text: string, bytes: Uint8Array, from: number, to: number): void {
    const end = to > from && bytes[to - 1] === 0x0d ? to - 1 : to;
    this.#sink(text, from, end, bytes);
  }
}
