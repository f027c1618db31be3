import { describe, expect, it } from 'vitest';
import { liveLine } from './steps.ts';

describe('the live line of a step', () => {
  it('shows the current detail', () => {
    expect(liveLine('drain', '1.2 s', '3 connections to green', 80)).toBe('    drain … 1.2 s: 3 connections to green');
    expect(liveLine('drain', '1.2 s', '', 80)).toBe('    drain … 1.2 s');
  });

  it('never wraps, because only its last row would be overwritten', () => {
    const line = liveLine('health', '1.2 s', 'refused: '.repeat(20), 40);
    expect(line).toHaveLength(39);
    expect(line.endsWith('…')).toBe(true);
  });

  it('stays on one line, whatever it quotes', () => {
    expect(liveLine('health', '1.2 s', 'one\r\ntwo\x1b[2J', 80)).toBe('    health … 1.2 s: one two [2J');
  });
});
