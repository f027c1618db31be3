import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { eventually } from '../test/condition.ts';
import { needsMount } from '../test/privileges.ts';
import { type Guard, startGuard } from './guard.ts';

let directory: string;
let guard: Guard | undefined;
let areBothUp: boolean;

const path = (name: string) => join(directory, name);
const isThere = (name: string) => existsSync(path(name));
const beat = () => (isThere('prober.alive') ? readFileSync(path('prober.alive'), 'utf8') : '');
const anotherBeat = () => {
  const before = beat();
  return eventually('another beat', () => beat() !== before && beat() !== '');
};

function start(): void {
  guard = startGuard(directory, () => areBothUp, pino({ level: 'silent' }));
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'guard-'));
  areBothUp = true;
});

afterEach(() => {
  guard?.stop();
  rmSync(directory, { recursive: true, force: true });
});

describe('a prober that guards the pools', () => {
  it('beats, and shows that both pools are up as long as they are', async () => {
    start();
    expect([beat() === '', isThere('both.up')]).toEqual([false, true]);
    await anotherBeat();
    areBothUp = false;
    guard?.update();
    expect(isThere('both.up')).toBe(false);
    await anotherBeat();
    expect(isThere('both.up')).toBe(false);
  });

  it('leaves nothing behind when it stops, whatever check ends later', () => {
    start();
    guard?.stop();
    guard?.update();
    expect(['both.up', 'prober.alive', 'prober.attempt'].filter(isThere)).toEqual([]);
  });
});

describe('a prober that cannot set a flag', () => {
  it('neither beats nor shows that both pools are up, until it can again', async () => {
    start();
    // Whatever the reason, no file can be created there.
    mkdirSync(path('prober.attempt'));
    await eventually('the end of the beats', () => !isThere('prober.alive'));
    guard?.update();
    expect(isThere('both.up')).toBe(false);
    rmdirSync(path('prober.attempt'));
    await anotherBeat();
    expect(isThere('both.up')).toBe(true);
  });

  it('leaves no empty file in place of a beat that it cannot write', async () => {
    symlinkSync('/dev/full', path('prober.alive'));
    start();
    expect(['prober.alive', 'both.up'].filter(isThere)).toEqual([]);
    await anotherBeat();
    expect(isThere('both.up')).toBe(true);
  });
});

describe('on a full disk', () => {
  const mountAnd = (test: () => Promise<void>) => async (context: TestContext) => {
    needsMount(context);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8k', 'tmpfs', directory]);
    try {
      await test();
    } finally {
      guard?.stop();
      execFileSync('umount', [directory]);
    }
  };
  const fill = () => expect(() => writeFileSync(path('filler'), Buffer.alloc(65_536))).toThrow('ENOSPC');

  it(
    'a prober that has written a beat keeps beating',
    mountAnd(async () => {
      start();
      fill();
      await anotherBeat();
      await anotherBeat();
      expect(isThere('both.up')).toBe(true);
    }),
  );

  it(
    'a prober that has written no beat leaves no empty file',
    mountAnd(async () => {
      fill();
      start();
      expect(['prober.alive', 'both.up'].filter(isThere)).toEqual([]);
      rmSync(path('filler'));
      await anotherBeat();
    }),
  );
});
