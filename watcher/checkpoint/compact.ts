/** Shorter arrays are not packed. */
const minLength = 256;

/** A long array of numbers or of a few different strings, for which plain JSON is too slow and too large. */
interface Packed {
  readonly $packed: 'u32' | 'f64' | 'words';
  readonly length: number;
  /** Added to each number of `u32`. */
  readonly from?: number;
  readonly words?: readonly unknown[];
  readonly base64: string;
}

/** JSON with long arrays packed. {@link parseCompact} restores the same data. */
export function stringifyCompact(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (Array.isArray(item) ? pack(item) : item));
}

/** @throws {SyntaxError} or {RangeError} for text that stringifyCompact did not produce */
export function parseCompact(text: string): unknown {
  return JSON.parse(text, (_key, item: unknown) => (isPacked(item) ? unpack(item) : item));
}

function pack(items: readonly unknown[]): readonly unknown[] | Packed {
  if (items.length < minLength) return items;
  return items.every((item) => typeof item === 'number') ? packNumbers(items as number[]) : packWords(items);
}

function packNumbers(items: readonly number[]): Packed {
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  let whole = true;
  for (const item of items) {
    if (item < from) from = item;
    if (item > to) to = item;
    whole &&= Number.isSafeInteger(item);
  }
  const { length } = items;
  if (!whole || to - from >= 2 ** 32) {
    return { $packed: 'f64', length, base64: base64Of(Float64Array.from(items)) };
  }
  const offsets = new Uint32Array(length);
  for (let index = 0; index < length; index++) offsets[index] = (items[index] ?? 0) - from;
  return { $packed: 'u32', length, from, base64: base64Of(offsets) };
}

/** Works for the failed paths: most items are null, and the same few paths repeat. */
function packWords(items: readonly unknown[]): readonly unknown[] | Packed {
  const indexByWord = new Map<unknown, number>();
  const indexes = new Uint32Array(items.length);
  for (let index = 0; index < items.length; index++) {
    const item = items[index];
    if (item !== null && typeof item !== 'string') return items;
    let wordIndex = indexByWord.get(item);
    if (wordIndex === undefined) {
      wordIndex = indexByWord.size;
      indexByWord.set(item, wordIndex);
    }
    indexes[index] = wordIndex;
  }
  return { $packed: 'words', length: items.length, words: [...indexByWord.keys()], base64: base64Of(indexes) };
}

function unpack({ $packed, length, from = 0, words = [], base64 }: Packed): unknown[] {
  const bytes = Uint8Array.from(Buffer.from(base64, 'base64'));
  if (bytes.length !== length * ($packed === 'f64' ? 8 : 4))
    throw new RangeError('a packed array has the wrong length');
  if ($packed === 'f64') return Array.from(new Float64Array(bytes.buffer));
  const numbers = new Uint32Array(bytes.buffer);
  return Array.from(numbers, $packed === 'u32' ? (number) => from + number : (wordIndex) => words[wordIndex] ?? null);
}

function isPacked(item: unknown): item is Packed {
  return typeof item === 'object' && item !== null && '$packed' in item;
}

function base64Of({ buffer }: Uint32Array | Float64Array): string {
  return Buffer.from(buffer).toString('base64');
}
