import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { duration } from '../../watcher/figures.ts';
import { CommandError } from '../command-error.ts';
import { processInfo } from '../host/process-info.ts';
import { stateDirectoryOf } from '../host/state-directory.ts';
import { actorOf } from '../records.ts';
import type { Stack } from '../stack.ts';

const schema = z.object({
  pid: z.number(),
  /** Tells the process from a later one with the same number. */
  startedAt: z.string(),
  actor: z.string(),
  sinceMs: z.number(),
  /** As in "deploy of 1.2 to green". */
  what: z.string(),
  /** The step it has come to. */
  step: z.string(),
  /** The active colour has changed already. */
  switched: z.boolean(),
});

export type Holder = z.output<typeof schema>;

/** Keeps others from changing what the pools run, until it is released. */
export interface Lock {
  /** Says how far it has come, for whoever finds the lock. */
  at(step: string, options?: { switched?: boolean }): void;
  release(): void;
}

/**
 * Takes the lock. One whose process is dead is taken over.
 * @throws {CommandError} naming the holder, when somebody has it
 */
export function takeLock(stack: Stack, what: string): Lock & { readonly left: Holder | undefined } {
  const path = pathOf(stack);
  mkdirSync(stateDirectoryOf(stack).path, { recursive: true, mode: 0o700 });
  const { pid } = process;
  const startedAt = processInfo(pid)?.startedAt ?? '';
  let mine: Holder = {
    pid,
    startedAt,
    actor: actorOf(stack),
    sinceMs: Date.now(),
    what,
    step: 'begin',
    switched: false,
  };
  const temporary = `${path}.${pid}`;
  const write = () => writeFileSync(temporary, JSON.stringify(mine), { mode: 0o600 });
  let left: Holder | undefined;
  write();
  try {
    while (!tryLink(temporary, path)) {
      const holder = readHolder(path);
      if (holder !== undefined && isAlive(holder)) throw heldBy(holder);
      left = holder ?? left;
      takeAway(path, holder);
    }
  } finally {
    rmSync(temporary, { force: true });
  }
  return {
    left,
    at(step, { switched = mine.switched } = {}) {
      mine = { ...mine, step, switched };
      write();
      renameSync(temporary, path);
    },
    release: () => rmSync(path, { force: true }),
  };
}

/** Who has the lock, dead or alive. */
export function lockHolder(stack: Stack): (Holder & { readonly alive: boolean }) | undefined {
  const holder = readHolder(pathOf(stack));
  return holder && { ...holder, alive: isAlive(holder) };
}

/** A deploy that was cut off concerns nobody once the stack is gone. */
export function forgetDeadHolder(stack: Stack): void {
  if (lockHolder(stack)?.alive === false) rmSync(pathOf(stack), { force: true });
}

/** In words, such as "a deploy of 1.2 to green by alice (pid 12), for 3.0 s, at health". */
export function holderText({ what, actor, pid, sinceMs, step }: Holder): string {
  return `${what} by ${actor} (pid ${pid}), begun ${duration(Date.now() - sinceMs)} ago, at "${step}"`;
}

function heldBy(holder: Holder): CommandError {
  return new CommandError(`${holderText(holder)} is going on`, {
    next: 'wait for it, or end it with Ctrl-C where it runs',
  });
}

/** One file system operation, so that of two only one succeeds. */
function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Moved aside before it is deleted: had somebody else just taken it over, theirs is put back. */
function takeAway(path: string, dead: Holder | undefined): void {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const moved = readHolder(aside);
  if (moved !== undefined && moved.pid !== dead?.pid && isAlive(moved)) tryLink(aside, path);
  rmSync(aside, { force: true });
}

function readHolder(path: string): Holder | undefined {
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined;
  }
}

function isAlive({ pid, startedAt }: Holder): boolean {
  return processInfo(pid)?.startedAt === startedAt;
}

function pathOf(stack: Stack): string {
  return join(stateDirectoryOf(stack).path, 'deploy.lock');
}
