/** Longer words repeat too rarely to be cached. */
const maxBytes = 64;
const slots = 64;

interface Word {
  readonly bytes: Buffer;
  readonly text: string;
}

/** Converts bytes to text (latin1). Has a bounded cache, because nearly all values are one of a few words. */
export class Words {
  readonly #known: (Word | undefined)[] = Array.from({ length: slots }, () => undefined);

  textOf(bytes: Buffer, from: number, to: number): string {
    const length = to - from;
    if (length > maxBytes) return bytes.toString('latin1', from, to);
    // `blue` and `green`, `…1:3000` and `…2:3000` differ in the middle or in length.
    const middle = bytes[from + (length >> 1)] ?? 0;
    const slot = (length * 7 + (bytes[from] ?? 0) * 5 + middle * 3 + (bytes[to - 6] ?? 0)) % slots;
    const known = this.#known[slot];
    if (known !== undefined && isSame(known.bytes, bytes, from, length)) return known.text;
    const text = bytes.toString('latin1', from, to);
    this.#known[slot] = { bytes: Buffer.from(text, 'latin1'), text };
    return text;
  }
}

function isSame(known: Buffer, bytes: Buffer, from: number, length: number): boolean {
  if (known.length !== length) return false;
  for (let index = 0; index < length; index++) if (known[index] !== bytes[from + index]) return false;
  return true;
}

const zero = 0x30;
const dot = 0x2e;

/** A number of 1 to 15 digits, which is always exact; undefined for anything else. */
export function wholeNumber(bytes: Uint8Array, from: number, to: number): number | undefined {
  if (to - from < 1 || to - from > 15) return undefined;
  let value = 0;
  for (let at = from; at < to; at++) {
    const digit = (bytes[at] ?? 0) - zero;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}

/** A status of three digits; undefined for anything else. */
export function statusOf(bytes: Uint8Array, from: number, to: number): number | undefined {
  return to - from === 3 ? wholeNumber(bytes, from, to) : undefined;
}

/**
 * Converts nginx's seconds with three decimals, such as 0.045, to milliseconds without rounding; undefined for anything
 * else.
 */
export function secondsToMs(bytes: Uint8Array, from: number, to: number): number | undefined {
  const point = to - 4;
  if (point < from + 1 || point > from + 11 || bytes[point] !== dot) return undefined;
  const seconds = wholeNumber(bytes, from, point);
  const thousandths = wholeNumber(bytes, point + 1, to);
  if (seconds === undefined || thousandths === undefined) return undefined;
  return seconds * 1_000 + thousandths;
}

/** A prefix of at least four bytes, compared four at a time. */
export class Prefix {
  readonly length: number;
  readonly #words: Int32Array;
  /** The last four bytes, because the length need not be a multiple of four. */
  readonly #last: number;

  constructor(text: string) {
    const bytes = Buffer.from(text, 'latin1');
    this.length = bytes.length;
    this.#words = Int32Array.from({ length: bytes.length >> 2 }, (_, index) => bytes.readInt32LE(4 * index));
    this.#last = bytes.readInt32LE(bytes.length - 4);
  }

  /** True if the range starts with the prefix. */
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
