import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { processInfo } from '../../system/process-info.ts';
import type { Stack } from '../stack/stack.ts';
import { lockHolder, takeLock } from './lock.ts';

const meanwhile = vi.hoisted(() => ({ read: (_path: string) => {}, changed: () => {} }));

// Runs what other processes do between two steps of this one.
vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>();
  const after =
    <A extends unknown[], R>(work: (...args: A) => R, then: (...args: A) => void) =>
    (...args: A): R => {
      const result = work(...args);
      then(...args);
      return result;
    };
  return {
    ...real,
    readFileSync: after(real.readFileSync, (path) => meanwhile.read(String(path))),
    renameSync: after(real.renameSync, () => meanwhile.changed()),
    rmSync: after(real.rmSync, () => meanwhile.changed()),
  };
});

describe('the deploy lock of a dead process', () => {
  let root: string;
  let stack: Stack;

  beforeEach(() => {
    root = fs.mkdtempSync(join(tmpdir(), 'bluegreen-lock-'));
    stack = { root, env: { USER: 'alice' }, settings: {} } as unknown as Stack;
    fs.mkdirSync(join(root, '.bluegreen'));
  });
  afterEach(() => {
    meanwhile.read = () => {};
    meanwhile.changed = () => {};
    fs.rmSync(root, { recursive: true, force: true });
  });

  it('stays with the process that takes it over first, without a gap', () => {
    const path = join(root, '.bluegreen/deploy.lock');
    const base = { sinceMs: Date.now(), what: 'a deploy of 1.2', step: 'health', switched: false };
    const write = (holder: object) => fs.writeFileSync(path, JSON.stringify({ ...base, ...holder }));
    write({ pid: 2 ** 22 + 1, startedAt: '0', actor: 'dead' });
    meanwhile.read = (read) => {
      if (read !== path) return;
      meanwhile.read = () => {};
      write({ pid: process.ppid, startedAt: processInfo(process.ppid)?.startedAt, actor: 'bob' });
    };
    let wasFree = false;
    meanwhile.changed = () => {
      wasFree ||= !fs.existsSync(path);
    };
    expect(() => takeLock(stack, 'mine')).toThrow(/by bob .* is in progress/);
    expect(wasFree).toBe(false);
    expect(lockHolder(stack)).toMatchObject({ actor: 'bob', alive: true });
    expect(fs.readdirSync(join(root, '.bluegreen'))).toEqual(['deploy.lock']);
  });
});
