import type { ChildProcess } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { CommandError } from '../command-error.ts';
import { signalGroup } from '../host/process-info.ts';
import type { Stack } from '../stack.ts';
import { warning } from '../terminal.ts';
import type { Facts } from './facts.ts';

export type HookName = 'pre-deploy' | 'pre-switch' | 'post-switch' | 'post-rollback';

/** A migration can take its time. */
const limitMs = 600_000;

/** Runs an executable of the operator's if there is one; false: there is none. */
export async function runHook(
  { root, settings }: Stack,
  name: HookName,
  facts: Facts,
  signal?: AbortSignal,
): Promise<boolean> {
  const path = join(resolve(root, settings.HOOKS_DIR), name);
  if (!existsSync(path)) return false;
  if (!isExecutable(path)) throw new CommandError(`${path} is not executable`, { next: `chmod +x ${path}` });
  const running = execa(path, [], {
    cwd: root,
    env: facts,
    stdin: 'ignore',
    // A group of its own: Ctrl-C is for the deploy, which decides what becomes of the hook.
    detached: true,
    stdout: process.stderr,
    stderr: 'inherit',
    timeout: limitMs,
    reject: false,
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  endWhatItLeaves(running);
  const result = await running;
  signal?.throwIfAborted();
  if (result.exitCode === 0) return true;
  throw new CommandError(`${name} hook ${howItEnded(result)}`, { next: `see what ${path} says` });
}

/** For what comes after the fact: nothing is undone because of it. */
export async function runLateHook(stack: Stack, name: HookName, facts: Facts): Promise<void> {
  try {
    await runHook(stack, name, facts);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    warning(`${error.message}; nothing was undone`);
  }
}

/**
 * Where a program of the operator's fails or is ended, all that it has started ends with it: what it leaves would go on, and
 * would hold its output open.
 */
export function endWhatItLeaves(running: Pick<ChildProcess, 'pid' | 'once'>): void {
  running.once('exit', (exitCode) => {
    if (exitCode !== 0 && running.pid !== undefined) signalGroup(running.pid, 'SIGKILL');
  });
}

/** In words, of a program of the operator's. */
export function howItEnded(result: {
  readonly timedOut: boolean;
  readonly isCanceled: boolean;
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly shortMessage?: string | undefined;
}): string {
  if (result.timedOut) return 'took too long and was ended';
  if (result.isCanceled) return 'was stopped';
  if (result.exitCode !== undefined) return `ended with exit code ${result.exitCode}`;
  return result.signal === undefined
    ? `could not be started: ${result.shortMessage ?? ''}`
    : `was ended by ${result.signal}`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
