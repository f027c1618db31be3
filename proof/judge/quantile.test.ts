import { describe, expect, it } from 'vitest';
import { ascending, quantile } from './quantile.ts';

describe('a quantile', () => {
  it.each([
    [0.5, 50],
    [0.99, 99],
    [0.999, 100],
    [1, 100],
    [0, 1],
  ])('%d of one hundred values is the value of that rank', (share, expected) => {
    const values = ascending(Array.from({ length: 100 }, (_, index) => 100 - index));
    expect(quantile(values, share)).toBe(expected);
  });

  it('of no values is 0, and of one value that value', () => {
    expect(quantile([], 0.99)).toBe(0);
    expect(quantile([7], 0.5)).toBe(7);
  });
});
