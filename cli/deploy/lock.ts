import { createHash } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { duration } from '../../report/figures.ts';
import { errorCode } from '../../system/error-code.ts';
import { processInfo } from '../../system/process-info.ts';
import { parsedJson } from '../edge/http.ts';
import { actorOf } from '../edge/records.ts';
import { stateDirectoryOf } from '../engine/host/state-directory.ts';
import type { Stack } from '../stack/stack.ts';
import { CommandError } from '../terminal/command-error.ts';

const schema = z.object({
  pid: z.number(),
  /** Start time of the process: a later process can have the same pid. */
  startedAt: z.string(),
  actor: z.string(),
  sinceMs: z.number(),
  /** As in "a deploy of 1.2". */
  what: z.string(),
  /** The current step, as in "health". */
  step: z.string(),
  /** The deploy has already switched traffic. */
  switched: z.boolean(),
});

export type Holder = z.output<typeof schema>;

/** Only the holder may change what the pools run. */
export interface Lock {
  /** Records the current step, for whoever finds the lock. */
  at(step: string, options?: { switched?: boolean }): void;
  release(): void;
}

/**
 * Takes the lock, also from a process that is dead.
 * @returns the lock, with its dead previous holder in `left`
 * @throws {CommandError} if a living process holds it; the message names the holder
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
  const write = () => {
    // A new file each time: an inode that is already linked elsewhere must never be seen half written.
    rmSync(temporary, { force: true });
    writeFileSync(temporary, JSON.stringify(mine), { mode: 0o600 });
  };
  let left: Holder | undefined;
  try {
    left = acquire(path, temporary, write);
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
    release() {
      const holder = readHolder(path);
      if (holder?.pid === pid && holder.startedAt === startedAt) rmSync(path, { force: true });
    },
  };
}

/** The holder of the lock, dead or alive. */
export function lockHolder(stack: Stack): (Holder & { readonly alive: boolean }) | undefined {
  const holder = readHolder(pathOf(stack));
  return holder && { ...holder, alive: isAlive(holder) };
}

/** Removes the lock of a dead process: once the stack is gone, an interrupted deploy no longer matters. */
export function forgetDeadHolder(stack: Stack): void {
  if (lockHolder(stack)?.alive !== false) return;
  try {
    takeLock(stack, 'down').release();
  } catch (error) {
    // Another process has taken it over in the meantime.
    if (!(error instanceof CommandError)) throw error;
  }
}

/** As in "a deploy of 1.2 by alice (pid 12, started 3.0 s ago, at health)". */
export function holderText({ what, actor, pid, sinceMs, step }: Holder): string {
  return `${what} by ${actor} (pid ${pid}, started ${duration(Date.now() - sinceMs)} ago, at ${step})`;
}

function heldBy(holder: Holder): CommandError {
  return new CommandError(`${holderText(holder)} is in progress`, {
    next: 'wait for it to finish, or stop it with Ctrl-C in its terminal',
  });
}

/**
 * Moves the file that `write` creates to `path`, unless a living process holds it. To replace the lock of a dead holder, a
 * process first acquires a claim named after the lock's content, and then checks that the content is still the same: so no
 * process replaces a lock that another one has just taken over. A claim is acquired in the same way, as its process can die too.
 * @returns the dead holder whose lock was replaced, if any
 * @throws {CommandError} if a living process holds it; the message names the holder
 */
function acquire(path: string, temporary: string, write: () => void): Holder | undefined {
  let left: Holder | undefined;
  for (;;) {
    write();
    if (tryLink(temporary, path)) return left;
    const found = contentOf(path);
    if (found === undefined) continue;
    const holder = holderIn(found);
    if (holder !== undefined && isAlive(holder)) throw heldBy(holder);
    left = holder ?? left;
    const claim = `${path}.${digestOf(found)}`;
    acquire(claim, temporary, write);
    try {
      if (contentOf(path) !== found) continue;
      write();
      renameSync(temporary, path);
      return left;
    } finally {
      rmSync(claim, { force: true });
    }
  }
}

/** Links the file in one atomic operation, so only one of several processes succeeds. False if `to` exists. */
function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Undefined if there is no lock, or if it cannot be read, for example because it belongs to another user. */
function readHolder(path: string): Holder | undefined {
  try {
    return holderIn(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Undefined if there is no file. */
function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Undefined if the content is invalid: a crash of the machine can leave it half written. */
function holderIn(content: string): Holder | undefined {
  return schema.safeParse(parsedJson(content)).data;
}

export function digestOf(content: string): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}

function isAlive({ pid, startedAt }: Holder): boolean {
  return processInfo(pid)?.startedAt === startedAt;
}

function pathOf(stack: Stack): string {
  return join(stateDirectoryOf(stack).path, 'deploy.lock');
}
