/** The bytes that something begins with, four of them or more; compared four at a time. */
export class Prefix {
  readonly length: number;
  readonly #words: Int32Array;
  /** The last four bytes, as its length need not be a multiple of four. */
  readonly #last: number;

  constructor(text: string) {
    const bytes = Buffer.from(text, 'latin1');
    this.length = bytes.length;
    this.#words = Int32Array.from({ length: bytes.length >> 2 }, (_, index) => bytes.readInt32LE(4 * index));
    this.#last = bytes.readInt32LE(bytes.length - 4);
  }

  /** `from` up to `to` begins with it. */
  isAt(view: DataView, from: number, to: number): boolean {
    const end = from + this.length;
    if (end > to || view.getInt32(end - 4, true) !== this.#last) return false;
    const words = this.#words;
    for (let index = 0, at = from; index < words.length; index++, at += 4) {
      if (view.getInt32(at, true) !== words[index]) return false;
    }
    return true;
  }
}
