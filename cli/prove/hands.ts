import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import type { Pool } from '../../settings/pool.ts';
import type { VariableName } from '../../settings/variables.ts';
import type { ServiceName } from '../engine/engine.ts';
import { CommandError } from '../terminal/command-error.ts';

/** A command line and its environment. */
export interface Program {
  readonly command: readonly [string, ...string[]];
  readonly env: NodeJS.ProcessEnv;
}

export interface WatcherProgram extends Program {
  /** A line of sh that removes what the command leaves behind when it ends. */
  readonly cleanUp?: string;
  /** The body of its /healthz; empty if it does not answer. */
  health(): Promise<string>;
}

/** Emptied for the proof's own watcher: it sends nothing to the channels or the prober, and no alert is about certificates. */
export const mutingVariables = [
  'SLACK_WEBHOOK_URL',
  'SLACK_WEBHOOK_URL_FILE',
  'ALERT_WEBHOOKS',
  'ALERT_WEBHOOKS_FILE',
  'PROBER_ADDRESS',
  'DOMAINS',
] as const satisfies readonly VariableName[];

/** What scenarios do to the stack beyond the other commands, on each engine. */
export interface Hands {
  /**
   * Runs a sh script where the edge runs and as its account, with LOG, CONTROL and RUN in its environment: the access log, the
   * control directory, and the directory of nginx.pid.
   * @returns its output
   * @throws {CommandError} if it fails; the message has its stderr
   */
  onEdge(script: string): Promise<string>;
  /** Why this engine cannot disconnect a pool from the network; undefined if it can. */
  readonly noNetworkCutReason: string | undefined;
  disconnect(pool: Pool): Promise<void>;
  /** Undoes disconnect(); does nothing if the pool is connected. */
  connect(pool: Pool): Promise<void>;
  /** Kills a service of the stack, but not the proof's own watcher. */
  kill(name: ServiceName): Promise<void>;
  /** A watcher as the stack runs it, but without saved state and channels, and with its log on stdout. */
  watcher(): Promise<WatcherProgram>;
  /** Whether the stack's prober passes its health check. */
  isProberHealthy(): Promise<boolean>;
}

/**
 * Runs a program to its end and returns its stdout.
 * @throws {CommandError} if it fails; the message has its stderr
 */
export async function outputOf({ command: [command, ...args], env }: Program): Promise<string> {
  // In a process group of its own, so that Ctrl-C does not stop it halfway.
  const result = await execa(command, args, { env, extendEnv: false, detached: true, reject: false, stdin: 'ignore' });
  if (result.exitCode === 0) return result.stdout;
  throw new CommandError(`${command} ${args[0]} failed: ${result.stderr || result.shortMessage}`);
}

/** Waits; Ctrl-C ends the wait. */
export function pass(ms: number, signal: AbortSignal): Promise<void> {
  return delay(Math.max(0, ms), undefined, { signal });
}
