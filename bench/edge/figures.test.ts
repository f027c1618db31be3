import { expect, test } from 'vitest';
import { markdown, spreadOf, withRange } from './figures.ts';

test('a spread is the median with minimum and maximum', () => {
  expect(spreadOf([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 });
  expect(spreadOf([4, 1, 2, 3])).toEqual({ median: 2.5, min: 1, max: 4 });
});

test('a range is shown only if minimum and maximum differ', () => {
  expect(withRange(spreadOf([12_000, 11_000, 14_000]))).toBe('12,000 (11,000–14,000)');
  expect(withRange(spreadOf([1.04, 1.01]), 1)).toBe('1.0');
});

test('the first column of a table is left-aligned, all others right-aligned', () => {
  expect(markdown(['edge', 'µs'], [['ours', '1']])).toBe('| edge | µs |\n|---|---:|\n| ours | 1 |');
});
