/** Longer words are not repeated often enough to be kept. */
const maxBytes = 64;
const slots = 64;

interface Word {
  readonly bytes: Buffer;
  readonly text: string;
}

/** Bytes as text (latin1), where nearly all are the same few words: those are made once. Bounded, whatever comes. */
export class Words {
  readonly #known: (Word | undefined)[] = Array.from({ length: slots }, () => undefined);

  textOf(bytes: Buffer, from: number, to: number): string {
    const length = to - from;
    if (length > maxBytes) return bytes.toString('latin1', from, to);
    // `blue` and `green`, `…1:3000` and `…2:3000` differ in their middle or in their length.
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
