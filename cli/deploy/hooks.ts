import type { ChildProcess } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import type { Pool } from '../../settings/pool.ts';
import { signalGroup } from '../../system/process-info.ts';
import { actorOf } from '../edge/records.ts';
import type { Engine } from '../engine/engine.ts';
import { directUrl, edgeUrl, type Stack } from '../stack/stack.ts';
import { CommandError } from '../terminal/command-error.ts';
import { warning } from '../terminal/terminal.ts';

const hookNames = ['pre-deploy', 'pre-switch', 'post-switch', 'post-rollback'] as const;
export type HookName = (typeof hookNames)[number];

/** A migration can take its time. */
const limitMs = 600_000;

/** Runs an executable of the operator's if there is one; false: there is none. */
export async function runHook(
  stack: Stack,
  name: HookName,
  env: HookEnvironment,
  signal?: AbortSignal,
): Promise<boolean> {
  const path = pathOf(stack, name);
  if (!existsSync(path)) return false;
  if (!isExecutable(path)) throw new CommandError(`${path} is not executable`, { next: `chmod +x ${path}` });
  const running = execa(path, [], {
    cwd: stack.root,
    env: env,
    stdin: 'ignore',
    // A group of its own: Ctrl-C is for the deploy, which decides what becomes of the hook.
    detached: true,
    stdout: process.stderr,
    stderr: 'inherit',
    timeout: limitMs,
    reject: false,
    ...(signal && { cancelSignal: signal }),
  });
  endWhatItLeaves(running);
  const result = await running;
  signal?.throwIfAborted();
  if (result.exitCode === 0) return true;
  throw new CommandError(`${name} hook ${howItEnded(result)}`, { next: `see what ${path} says` });
}

/** For what comes after the fact: nothing is undone because of it. */
export async function runLateHook(stack: Stack, name: HookName, env: HookEnvironment): Promise<void> {
  try {
    await runHook(stack, name, env);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    warning(`${error.message}; nothing was undone`);
  }
}

/**
 * Where a program of the operator's fails or is ended, all that it has started ends with it: what it leaves would go on, and
 * would hold its output open.
 */
export function endWhatItLeaves({ nodeChildProcess: child }: { readonly nodeChildProcess: ChildProcess }): void {
  child.once('exit', (exitCode) => {
    if (exitCode !== 0 && child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
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

/** Hooks that are there and cannot be run. */
export function brokenHooks(stack: Stack): readonly string[] {
  return hookNames.map((name) => pathOf(stack, name)).filter((path) => existsSync(path) && !isExecutable(path));
}

function pathOf({ root, settings }: Stack, name: HookName): string {
  return join(resolve(root, settings.HOOKS_DIR), name);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What hooks and smoke commands find in their environment. */
export type HookEnvironment = Readonly<Record<string, string>>;

export interface Rollout {
  /** Undefined where there is no deploy, as in a rollback by hand. */
  readonly deploy?: string | undefined;
  /** The colour that the release goes to, or went back to. */
  readonly pool: Pool;
  readonly release: string;
  readonly image?: string | undefined;
  readonly previousPool: Pool;
  readonly previousRelease: string;
}

export function hookEnvironment(stack: Stack, engine: Engine, rollout: Rollout): HookEnvironment {
  return {
    BASE_URL: directUrl(stack, rollout.pool),
    EDGE_URL: edgeUrl(stack),
    POOL: rollout.pool,
    RELEASE_ID: rollout.release,
    IMAGE: rollout.image ?? '',
    PREVIOUS_POOL: rollout.previousPool,
    PREVIOUS_RELEASE_ID: rollout.previousRelease,
    DEPLOY_ID: rollout.deploy ?? '',
    BLUEGREEN_ACTOR: actorOf(stack),
    BLUEGREEN_ENGINE: engine.name,
  };
}
