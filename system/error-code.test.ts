import { readSync } from 'node:fs';
import { expect, it } from 'vitest';
import { messageOf } from '../watcher/errors.ts';
import { errorCode, systemErrorName } from './error-code.ts';

const unnamed = 'Unknown system error -116';
const stale = Object.assign(new Error(`${unnamed}: ${unnamed}, read`), { errno: -116, code: unnamed });

function closedDescriptor(): Error {
  try {
    readSync(1_000_000, Buffer.alloc(1));
  } catch (error) {
    return error as Error;
  }
  throw new Error('the descriptor is open');
}

it('names a system error that Node does not name', () => {
  expect(systemErrorName(stale)).toBe('ESTALE');
  expect(errorCode(stale)).toBe('ESTALE');
  expect(messageOf(stale)).toBe('ESTALE: ESTALE, read');
});

it('does not change an error that Node names, or one that is not a system error', () => {
  const closed = closedDescriptor();
  expect(errorCode(closed)).toBe('EBADF');
  expect(messageOf(closed)).toBe(closed.message);
  expect(systemErrorName(new Error('other'))).toBeUndefined();
  expect(messageOf(new Error('other'))).toBe('other');
});

it('returns the code of an error that is not a system error, and undefined for an error without a code', () => {
  expect(errorCode(Object.assign(new Error('timed out'), { code: 'UND_ERR_CONNECT_TIMEOUT' }))).toBe(
    'UND_ERR_CONNECT_TIMEOUT',
  );
  expect(errorCode(new Error('other'))).toBeUndefined();
  expect(errorCode('EBADF')).toBeUndefined();
});
