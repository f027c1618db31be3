const space = 0x20;
const quote = 0x22;
const equals = 0x3d;
const dash = 0x2d;

/** In the order of the edge's log format, which makes the guess below right nearly always. */
export const keys = {
  pool: 0,
  release: 1,
  active: 2,
  upstreamStatus: 3,
  upstreamAddr: 4,
  requestTime: 5,
  upstreamResponseTime: 6,
  status: 7,
  msec: 8,
  method: 9,
  uri: 10,
  upstreamHeaderTime: 11,
  upstreamLength: 12,
  upstreamContentLength: 13,
  bytesSent: 14,
  completed: 15,
  requestId: 16,
  remoteAddr: 17,
  userAgent: 18,
} as const;

export type Key = (typeof keys)[keyof typeof keys];
export type ScanFault = 'malformed' | 'duplicate-key';

const names = Object.keys(keys).map((name) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
const indexByName = new Map<string, number>(names.map((name, index) => [name, index]));
const prefixes = names.map((name) => Buffer.from(`${name}=`, 'latin1'));

/**
 * Finds the values of one line `key=value key="value" …` by walking it once from its start, so that nothing inside a
 * quoted value can ever be read as a key. The edge escapes quotes inside values as `\x22`. Reused from line to line:
 * what it found is valid until the next `scan`.
 */
export class Scanner {
  readonly #starts = new Int32Array(names.length);
  readonly #ends = new Int32Array(names.length);
  #text = '';

  /**
   * Scans one line without its newline, from `from` up to `to`. `bytes` are those of `text`, which is latin1: compiled code
   * walks over bytes several times as fast as over a string, and cuts values out of a string faster.
   */
  scan(text: string, bytes: Uint8Array, from: number, to: number): ScanFault | undefined {
    const starts = this.#starts;
    const ends = this.#ends;
    starts.fill(-1);
    this.#text = text;
    let guess = 0;
    let at = from;
    while (at < to) {
      let key = guess;
      const prefix = prefixes[guess];
      if (prefix !== undefined && isAt(bytes, prefix, at)) {
        at += prefix.length;
      } else {
        const end = endOfKey(bytes, at, to);
        if (end < 0) return 'malformed';
        key = indexByName.get(text.slice(at, end)) ?? -1;
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
        while (at < to && bytes[at] !== space) {
          if (bytes[at] === quote) return 'malformed';
          at++;
        }
        end = at;
      }
      if (at < to && (bytes[at] !== space || at + 1 === to)) return 'malformed';
      at++;
      if (key < 0) continue;
      // No client can write a key twice, so this is two lines glued together by a torn write.
      if (starts[key] !== -1) return 'duplicate-key';
      starts[key] = start;
      ends[key] = end;
      guess = key + 1;
    }
    return undefined;
  }

  has(key: Key): boolean {
    return (this.#starts[key] ?? -1) >= 0;
  }

  /** The key's value; undefined: absent, empty or `-`. */
  value(key: Key): string | undefined {
    const start = this.#starts[key] ?? -1;
    const end = this.#ends[key] ?? -1;
    if (start < 0 || end === start) return undefined;
    if (end === start + 1 && this.#text.charCodeAt(start) === dash) return undefined;
    return this.#text.slice(start, end);
  }
}

function isAt(bytes: Uint8Array, prefix: Uint8Array, at: number): boolean {
  for (let index = 0; index < prefix.length; index++) {
    if (bytes[at + index] !== prefix[index]) return false;
  }
  return true;
}

/** The position of the `=` after a key of a-z, 0-9 and _; -1: there is no such key here. */
function endOfKey(bytes: Uint8Array, from: number, to: number): number {
  for (let at = from; at < to; at++) {
    const code = bytes[at] ?? 0;
    if (code === equals) return at === from ? -1 : at;
    const word = (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39) || code === 0x5f;
    if (!word) return -1;
  }
  return -1;
}
