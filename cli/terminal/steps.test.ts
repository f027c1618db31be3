import { describe, expect, it } from 'vitest';
import { liveLine } from './steps.ts';

describe('the live line of a step', () => {
  it('says what goes on', () => {
    expect(liveLine('drain', '1.2 s', '3 connections to green', 80)).toBe('    drain … 1.2 s: 3 connections to green');
    expect(liveLine('drain', '1.2 s', '', 80)).toBe('    drain … 1.2 s');
  });

  it('never wraps, as only its last row would be drawn over', () => {
    const line = liveLine('health', '1.2 s', 'refused: '.repeat(20), 40);
    expect(line).toHaveLength(39);
    expect(line.endsWith('…')).toBe(true);
  });

  it('is one line, whatever is quoted in it', () => {
    expect(liveLine('health', '1.2 s', 'one\r\ntwo\x1b[2J', 80)).toBe('    health … 1.2 s: one two [2J');
  });
});
