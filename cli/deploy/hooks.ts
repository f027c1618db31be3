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

/** Long enough for a database migration. */
const limitMs = 600_000;

/**
 * Runs a hook, with its output on stderr.
 * @returns false if there is no such hook
 * @throws {CommandError} if it is not executable or does not exit with code 0 within ten minutes
 */
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
    env,
    stdin: 'ignore',
    // In a process group of its own: Ctrl-C reaches only the deploy, which decides what happens to the hook.
    detached: true,
    stdout: process.stderr,
    stderr: 'inherit',
    timeout: limitMs,
    reject: false,
    ...(signal && { cancelSignal: signal }),
  });
  killLeftovers(running);
  const result = await running;
  signal?.throwIfAborted();
  if (result.exitCode === 0) return true;
  throw new CommandError(`${name} hook ${exitText(result)}`, { next: `see the output of ${path}` });
}

/** Runs a hook after a switch or a rollback. If it fails, it only warns: nothing is undone. */
export async function runLateHook(stack: Stack, name: HookName, env: HookEnvironment): Promise<void> {
  try {
    await runHook(stack, name, env);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    warning(`${error.message}; nothing was undone`);
  }
}

/**
 * Kills the whole process group if the program fails or is killed. Its children would otherwise run on and keep its output
 * open.
 */
export function killLeftovers({ nodeChildProcess: child }: { readonly nodeChildProcess: ChildProcess }): void {
  child.once('exit', (exitCode) => {
    if (exitCode !== 0 && child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
  });
}

/** How a program ended, as in "exited with code 3". */
export function exitText(result: {
  readonly timedOut: boolean;
  readonly isCanceled: boolean;
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly shortMessage?: string | undefined;
}): string {
  if (result.timedOut) return 'timed out and was terminated';
  if (result.isCanceled) return 'was stopped';
  if (result.exitCode !== undefined) return `exited with code ${result.exitCode}`;
  return result.signal === undefined
    ? `could not be started: ${result.shortMessage ?? ''}`
    : `was terminated by ${result.signal}`;
}

/** Paths of hooks that exist but are not executable. */
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

/** The environment of hooks and smoke commands. */
export type HookEnvironment = Readonly<Record<string, string>>;

export interface HookContext {
  /** Undefined outside a deploy, as in a rollback by hand. */
  readonly deploy?: string | undefined;
  /** The pool that the release is deployed to, or that a rollback made active. */
  readonly pool: Pool;
  readonly release: string;
  readonly image?: string | undefined;
  readonly previousPool: Pool;
  readonly previousRelease: string;
}

export function hookEnvironment(stack: Stack, engine: Engine, context: HookContext): HookEnvironment {
  return {
    BASE_URL: directUrl(stack, context.pool),
    EDGE_URL: edgeUrl(stack),
    POOL: context.pool,
    RELEASE_ID: context.release,
    IMAGE: context.image ?? '',
    PREVIOUS_POOL: context.previousPool,
    PREVIOUS_RELEASE_ID: context.previousRelease,
    DEPLOY_ID: context.deploy ?? '',
    BLUEGREEN_ACTOR: actorOf(stack),
    BLUEGREEN_ENGINE: engine.name,
  };
}
