import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import type { Pool } from '../../settings/pool.ts';
import type { VariableName } from '../../settings/variables.ts';
import type { ServiceName } from '../engine/engine.ts';
import { CommandError } from '../terminal/command-error.ts';

/** A program to be started, with all that it needs. */
export interface Program {
  readonly command: readonly [string, ...string[]];
  readonly env: NodeJS.ProcessEnv;
}

export interface WatcherProgram extends Program {
  /** A line of sh that removes what ending the command leaves. */
  readonly cleanUp?: string;
  /** What it answers on /healthz; empty where it does not. */
  health(): Promise<string>;
}

/** Of a watcher: the proof's own tells nobody anything, neither a channel nor the prober. */
export const silencedVariables = [
  'SLACK_WEBHOOK_URL',
  'SLACK_WEBHOOK_URL_FILE',
  'ALERT_WEBHOOKS',
  'PROBER_ADDRESS',
] as const satisfies readonly VariableName[];

/** What a scenario does to the stack that no other command does. */
export interface Hands {
  /**
   * Runs a script of sh where the edge runs and as its account, with LOG, CONTROL and RUN in its environment: the access
   * log, the control directory, and where nginx.pid is.
   * @throws {CommandError} with what it said
   */
  onEdge(script: string): Promise<string>;
  /** Why this engine cannot cut a pool off the network; undefined: it can. */
  readonly whyNoNetworkCut: string | undefined;
  cutOff(pool: Pool): Promise<void>;
  /** Undoes it; does nothing where it was not done. */
  connect(pool: Pool): Promise<void>;
  /** This very service of the stack, and not the proof's watcher with it. */
  kill(name: ServiceName): Promise<void>;
  /** A watcher as the stack runs it, but with no past, no channel and a log that goes to its stdout. */
  watcher(): Promise<WatcherProgram>;
  /** Whether the stack's prober answers that it is well. */
  isProberWell(): Promise<boolean>;
}

/** @throws {CommandError} with what the program said */
export async function outputOf({ command: [command, ...args], env }: Program): Promise<string> {
  // In a group of its own, so that Ctrl-C never leaves it half done.
  const result = await execa(command, args, { env, extendEnv: false, detached: true, reject: false, stdin: 'ignore' });
  if (result.exitCode === 0) return result.stdout;
  throw new CommandError(`${command} ${args[0]} failed: ${result.stderr || result.shortMessage}`);
}

/** Lets time pass, for that is what a scenario is about; Ctrl-C ends it. */
export function pass(ms: number, signal: AbortSignal): Promise<void> {
  return delay(Math.max(0, ms), undefined, { signal });
}
