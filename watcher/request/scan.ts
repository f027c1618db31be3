import { Prefix, Words } from './bytes.ts';

const space = 0x20;
const quote = 0x22;
const equals = 0x3d;
const dash = 0x2d;

/** In the order of the edge's log format, so that the guess in `scan` is nearly always right. */
export const keys = {
  pool: 0,
  release: 1,
  active: 2,
  route: 3,
  upstreamStatus: 4,
  upstreamAddr: 5,
  requestTime: 6,
  upstreamResponseTime: 7,
  status: 8,
  msec: 9,
  method: 10,
  uri: 11,
  upstreamHeaderTime: 12,
  upstreamLength: 13,
  upstreamContentLength: 14,
  bytesSent: 15,
  completed: 16,
  requestId: 17,
  traceId: 18,
  remoteAddr: 19,
  userAgent: 20,
  fault: 21,
} as const;

export type Key = (typeof keys)[keyof typeof keys];
export type ScanFault = 'malformed' | 'duplicate-key';

const names = Object.keys(keys).map((name) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
const indexByName = new Map<string, number>(names.map((name, index) => [name, index]));
const prefixes = names.map((name) => new Prefix(`${name}=`));

/**
 * Finds the values in a line `key=value key="value" …`, in one pass from its start, so that nothing inside a quoted value can
 * be read as a key. The edge escapes quotes inside values as `\x22`. One scanner serves all lines: results are valid until
 * the next `scan`, and only while the bytes do not change.
 */
export class Scanner {
  /** For each key, -1 if it is absent. The range is empty if the value is empty or `-`. */
  readonly #starts = new Int32Array(names.length);
  readonly #ends = new Int32Array(names.length);
  readonly #words = new Words();
  bytes: Buffer = Buffer.alloc(0);
  #view = new DataView(this.bytes.buffer);

  /** Scans one line without its newline, from `from` up to `to`. */
  scan(bytes: Buffer, from: number, to: number): ScanFault | undefined {
    const starts = this.#starts;
    const ends = this.#ends;
    starts.fill(-1);
    ends.fill(-1);
    if (bytes !== this.bytes) this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const view = this.#view;
    this.bytes = bytes;
    let guess = 0;
    let at = from;
    while (at < to) {
      let key = guess;
      const prefix = prefixes[guess];
      if (prefix?.isAt(view, at, to)) {
        at += prefix.length;
      } else {
        const end = endOfKey(bytes, at, to);
        if (end < 0) return 'malformed';
        key = indexByName.get(bytes.toString('latin1', at, end)) ?? -1;
        at = end + 1;
      }
      let start = at;
      let end: number;
      if (bytes[at] === quote && at < to) {
        start = at + 1;
        end = start;
        while (end < to && bytes[end] !== quote) end++;
        if (end === to) return 'malformed';
        at = end + 1;
      } else {
        end = endOfBare(bytes, at, to);
        if (bytes[end] === quote && end < to) return 'malformed';
        at = end;
      }
      if (at < to && (bytes[at] !== space || at + 1 === to)) return 'malformed';
      at++;
      if (key < 0) continue;
      // No visitor can make the edge write a key twice, so a torn write has joined two lines.
      if (starts[key] !== -1) return 'duplicate-key';
      starts[key] = start;
      ends[key] = end === start + 1 && bytes[start] === dash ? start : end;
      guess = key + 1;
    }
    return undefined;
  }

  has(key: Key): boolean {
    return this.from(key) >= 0;
  }

  /** True if the key is present and its value is neither empty nor `-`. */
  isSet(key: Key): boolean {
    return this.to(key) > this.from(key);
  }

  /** True if the value is exactly `word`. */
  is(key: Key, word: Prefix): boolean {
    const from = this.from(key);
    return this.to(key) - from === word.length && word.isAt(this.#view, from, from + word.length);
  }

  /** The start of the value in `bytes`; equal to its end if it is absent, empty or `-`. */
  from(key: Key): number {
    return this.#starts[key] ?? -1;
  }

  to(key: Key): number {
    return this.#ends[key] ?? -1;
  }

  /** The value; undefined if it is absent, empty or `-`. */
  text(key: Key): string | undefined {
    return this.isSet(key) ? this.bytes.toString('latin1', this.from(key), this.to(key)) : undefined;
  }

  /** Like `text`, but cached: for a value that is one of a few words in nearly all lines. */
  word(key: Key): string | undefined {
    return this.wordAt(this.from(key), this.to(key)) || undefined;
  }

  /** Like `word`, for a part of a value; empty if the range is. */
  wordAt(from: number, to: number): string {
    return to > from ? this.#words.textOf(this.bytes, from, to) : '';
  }
}

/** The position of the space or quote after an unquoted value, or `to` if there is none. */
function endOfBare(bytes: Uint8Array, from: number, to: number): number {
  for (let at = from; at < to; at++) {
    const code = bytes[at] ?? 0;
    // One comparison for nearly every byte, because few are as small as these two.
    if (code <= quote && (code === quote || code === space)) return at;
  }
  return to;
}

/** The position of the `=` after a key of a-z, 0-9 and _, or -1 if there is no key here. */
function endOfKey(bytes: Uint8Array, from: number, to: number): number {
  for (let at = from; at < to; at++) {
    const code = bytes[at] ?? 0;
    if (code === equals) return at === from ? -1 : at;
    const word = (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39) || code === 0x5f;
    if (!word) return -1;
  }
  return -1;
}
