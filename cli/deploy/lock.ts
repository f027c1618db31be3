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
  const write = () => {
    // A new file each time: what has been linked elsewhere must not be seen half written.
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

/** Who has the lock, dead or alive. */
export function lockHolder(stack: Stack): (Holder & { readonly alive: boolean }) | undefined {
  const holder = readHolder(pathOf(stack));
  return holder && { ...holder, alive: isAlive(holder) };
}

/** A deploy that was cut off concerns nobody once the stack is gone. */
export function forgetDeadHolder(stack: Stack): void {
  if (lockHolder(stack)?.alive !== false) return;
  try {
    takeLock(stack, 'down').release();
  } catch (error) {
    // Somebody has taken it over meanwhile.
    if (!(error instanceof CommandError)) throw error;
  }
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

/**
 * Puts what `write` writes at a path where nobody living has anything, and returns whose place it takes. To take that of a dead
 * one, a process must first get the claim on that very content, and then find it there still: so nobody replaces what somebody
 * else has taken over meanwhile. A claim is got in the same way, as its process can die too.
 * @throws {CommandError} naming the holder, when somebody living has it
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

/** One file system operation, so that of two only one succeeds. */
function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Undefined also where it is not to be read, as another user's. */
function readHolder(path: string): Holder | undefined {
  try {
    return holderIn(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Undefined: there is none. */
function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Undefined: a crash of the machine has left it half written. */
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
