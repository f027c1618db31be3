import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processInfo } from '../../system/process-info.ts';
import type { Stack } from '../stack/stack.ts';
import { digestOf, forgetDeadHolder, type Holder, lockHolder, takeLock } from './lock.ts';

describe('the deploy lock', () => {
  let root: string;
  let stack: Stack;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'bluegreen-lock-'));
    stack = { root, env: { USER: 'alice' }, settings: {} } as unknown as Stack;
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const path = () => join(root, '.bluegreen/deploy.lock');
  const leave = (holder: Partial<Holder>) => {
    takeLock(stack, 'x').release();
    const base = { actor: 'bob', sinceMs: Date.now(), what: 'a deploy of 1.2', step: 'health', switched: false };
    writeFileSync(path(), JSON.stringify({ ...base, pid: 1, startedAt: '0', ...holder }));
  };

  it('is held by one process at a time, and names the holder', () => {
    const lock = takeLock(stack, 'a deploy of 1.2');
    lock.at('smoke');
    expect(() => takeLock(stack, 'another')).toThrow(
      new RegExp(`a deploy of 1\\.2 by alice \\(pid ${process.pid}, started .* ago, at smoke\\) is in progress`),
    );
    lock.release();
    takeLock(stack, 'another').release();
    expect(readdirSync(join(root, '.bluegreen'))).toEqual([]);
  });

  it('of a dead process is taken over, and its holder is returned', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    leave({ pid: child.pid ?? 0, startedAt: '123' });
    expect(lockHolder(stack)).toMatchObject({ actor: 'bob', alive: false });
    const lock = takeLock(stack, 'mine');
    expect(lock.left).toMatchObject({ actor: 'bob', step: 'health' });
    expect(lockHolder(stack)).toMatchObject({ actor: 'alice', alive: true });
    lock.release();
  });

  it('of a dead process is taken over even if its pid has been reused', () => {
    leave({ pid: process.pid, startedAt: 'another time' });
    takeLock(stack, 'mine').release();
  });

  it('of a living process is not taken over', () => {
    leave({ pid: process.ppid, startedAt: processInfo(process.ppid)?.startedAt ?? '' });
    expect(() => takeLock(stack, 'mine')).toThrow(/bob/);
    expect(lockHolder(stack)).toMatchObject({ actor: 'bob', alive: true });
  });

  it.each(['', '{', '{"pid":1}', '\0'.repeat(100)])('that is invalid counts as free: %j', (content) => {
    leave({});
    writeFileSync(path(), content);
    expect(lockHolder(stack)).toBeUndefined();
    takeLock(stack, 'mine').release();
  });

  it('is taken over even if a process died while taking it over', () => {
    leave({ pid: 2 ** 22 + 1 });
    const claim = `${path()}.${digestOf(readFileSync(path(), 'utf8'))}`;
    writeFileSync(claim, JSON.stringify({ ...lockHolder(stack), pid: 2 ** 22 + 2 }));
    takeLock(stack, 'mine').release();
    expect(readdirSync(join(root, '.bluegreen'))).toEqual([]);
  });

  it('records that the active pool has changed, until it is rolled back', () => {
    const lock = takeLock(stack, 'mine');
    const switched = () => lockHolder(stack)?.switched;
    expect(switched()).toBe(false);
    lock.at('health');
    expect(switched()).toBe(false);
    lock.at('switched', { switched: true });
    lock.at('bake');
    expect(switched()).toBe(true);
    lock.at('rolled back', { switched: false });
    expect(switched()).toBe(false);
    lock.release();
  });

  it('is not released if its holder has the same pid but another start time', () => {
    const lock = takeLock(stack, 'mine');
    writeFileSync(path(), JSON.stringify({ ...lockHolder(stack), startedAt: 'another time' }));
    lock.release();
    expect(lockHolder(stack)).toMatchObject({ startedAt: 'another time' });
  });

  it('that cannot be read is an error', () => {
    mkdirSync(path(), { recursive: true });
    expect(() => takeLock(stack, 'mine')).toThrow('EISDIR');
  });

  it('is not released once another process has it', () => {
    const lock = takeLock(stack, 'mine');
    writeFileSync(path(), JSON.stringify({ ...lockHolder(stack), pid: process.ppid }));
    lock.release();
    expect(lockHolder(stack)).toMatchObject({ pid: process.ppid });
  });

  it('is removed by forgetDeadHolder if its process is dead, and only then', () => {
    leave({ pid: 2 ** 22 + 1 });
    forgetDeadHolder(stack);
    expect(readdirSync(join(root, '.bluegreen'))).toEqual([]);
    const lock = takeLock(stack, 'mine');
    forgetDeadHolder(stack);
    expect(lockHolder(stack)).toMatchObject({ what: 'mine' });
    lock.release();
  });

  it('goes to exactly one of many processes that take it over at the same moment', async () => {
    leave({ pid: 2 ** 22 + 1 });
    const program = `
      const { takeLock } = await import(${JSON.stringify(join(import.meta.dirname, 'lock.ts'))});
      process.stdin.once('data', () => {
        try { takeLock({ root: ${JSON.stringify(root)}, env: {}, settings: { BLUEGREEN_ACTOR: 'x' } }, 'w'); console.log('got'); }
        catch (error) { console.log(/is in progress/.test(error.message) ? 'refused' : error.stack); }
        // Stays alive until all have tried.
        process.stdin.once('data', () => process.exit());
      });
      console.log('ready');`;
    const children = Array.from({ length: 6 }, () =>
      spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['pipe', 'pipe', 'inherit'] }),
    );
    const output = (child: (typeof children)[number]) =>
      once(child.stdout, 'data').then(([text]) => String(text).trim());
    await Promise.all(children.map(output));
    const answers = Promise.all(children.map(output));
    for (const child of children) child.stdin.write('go\n');
    const results = await answers;
    for (const child of children) child.stdin.write('end\n');
    expect(results.toSorted()).toEqual(['got', ...Array.from({ length: 5 }, () => 'refused')]);
  });
});
