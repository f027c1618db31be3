/** The seed of this run: from FAULT_SEED, to repeat a failed run, or a new one, which is printed. */
export const seed = Number(process.env.FAULT_SEED ?? Date.now() % 2 ** 31);

export interface Random {
  /** At least 0, less than 1. */
  next(): number;
  /** An integer between two bounds, both included. */
  between(min: number, max: number): number;
  chance(share: number): boolean;
  pick<T>(values: readonly [T, ...T[]]): T;
}

/** Mulberry32: small, and gives the same numbers for the same seed everywhere. */
export function randomFrom(start: number): Random {
  let state = start >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (min: number, max: number) => min + Math.floor(next() * (max - min + 1));
  return {
    next,
    between,
    chance: (share) => next() < share,
    pick: (values) => values[between(0, values.length - 1)] ?? values[0],
  };
}
