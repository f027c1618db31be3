import { createHash, randomBytes } from 'node:crypto';

/** A request body, and the digest that the echo must return. */
export interface Body {
  readonly bytes: Buffer;
  readonly sha256: string;
}

const kib = 1024;
const smallSizes = [1, 100, 700, kib, 2 * kib, 5 * kib, 8 * kib, 16 * kib];
const largeSizes = [kib * kib, 2 * kib * kib, 4 * kib * kib, 8 * kib * kib];

/** Bodies of various sizes, in rotation. They are made before the load begins, as that takes time. */
export class Bodies {
  readonly #small = smallSizes.map(bodyOf);
  readonly #large = largeSizes.map(bodyOf);
  #handedOut = 0;

  small(): Body {
    return this.#next(this.#small);
  }

  large(): Body {
    return this.#next(this.#large);
  }

  #next(row: readonly Body[]): Body {
    const body = row[this.#handedOut++ % row.length];
    if (body === undefined) throw new Error('no body');
    return body;
  }
}

function bodyOf(size: number): Body {
  const bytes = randomBytes(size);
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}
