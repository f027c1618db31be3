import { readSync } from 'node:fs';
import { expect, it } from 'vitest';
import { errnoName, messageOf } from './errors.ts';

it('names what Node has no name for', () => {
  const said = 'Unknown system error -116';
  const stale = Object.assign(new Error(`${said}: ${said}, read`), { errno: -116, code: said });
  expect(errnoName(stale)).toBe('ESTALE');
  expect(messageOf(stale)).toBe('ESTALE: ESTALE, read');
});

it('leaves alone what has a name, and what is no system error', () => {
  const closed = (() => {
    try {
      return readSync(1_000_000, Buffer.alloc(1));
    } catch (error) {
      return error as Error;
    }
  })() as Error;
  expect(errnoName(closed)).toBe('EBADF');
  expect(messageOf(closed)).toBe(closed.message);
  expect(errnoName(new Error('other'))).toBeUndefined();
  expect(messageOf(new Error('other'))).toBe('other');
});
