import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Stack } from '../../stack/stack.ts';
import { stateDirectoryOf } from './state-directory.ts';

describe("a stack's state directory", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'bluegreen-state-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const stateOf = (prefix?: string) =>
    stateDirectoryOf({ root, settings: { STACK_PREFIX: prefix } } as unknown as Stack);

  it('is removed entirely, but never the directory of another stack', () => {
    const [main, other] = [stateOf(), stateOf('other-')];
    for (const state of [main, other]) {
      state.create();
      writeFileSync(join(state.control, 'active.green'), '');
    }
    main.remove();
    expect(existsSync(main.control)).toBe(false);
    expect(existsSync(join(other.control, 'active.green'))).toBe(true);
    other.remove();
    expect(existsSync(other.path)).toBe(false);
    mkdirSync(main.path, { recursive: true });
    main.remove();
    main.remove();
  });

  it('lets one command at a time read and write the plan, and ends the lock of one that was killed', () => {
    const state = stateOf();
    state.create();
    expect(state.planning(() => state.planning(() => 'inner') ?? 'busy')).toBe('busy');
    expect(state.planning(() => 'free')).toBe('free');
    expect(() =>
      state.planning(() => {
        throw new Error('full disk');
      }),
    ).toThrow('full disk');
    const lock = join(state.path, 'plan.lock');
    mkdirSync(lock);
    utimesSync(lock, 0, Date.now() / 1_000 - 60);
    expect(state.planning(() => 'taken')).toBeUndefined();
    expect(state.planning(() => 'taken')).toBe('taken');
  });
});
