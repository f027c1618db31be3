import { stripVTControlCharacters } from 'node:util';
import type { Pool } from '../../settings/pool.ts';
import { durationMs } from '../arguments.ts';
import { operationId, recordLine } from '../edge/records.ts';
import { appOf, type Engine } from '../engine/engine.ts';
import { readStack, type Stack } from '../stack/stack.ts';
import { Interrupted } from '../terminal/interruption.ts';
import { type Say, step } from '../terminal/steps.ts';
import { attempt, printToStderr, styledForStderr } from '../terminal/terminal.ts';
import { GateFailure } from './gates.ts';
import { type HookEnvironment, type HookName, hookEnvironment, runHook } from './hooks.ts';
import type { Lock } from './lock.ts';
import type { DeployOptions } from './options.ts';
import type { Planned } from './planned.ts';
import type { Start } from './preflight.ts';

const logLines = 20;
// A journal record is one line, appended in a single write.
const maxWhyChars = 900;
const maxNoWayBackChars = 300;

/** The state after a failed deploy. */
export interface FailureEnd {
  /** The old pool is active again after the switch. */
  readonly rolledBack: boolean;
  /** The release that is back on the standby; undefined if none is. */
  readonly restored?: string | undefined;
  /** Why the new release stays active; undefined if it is not active. */
  readonly noWayBack?: string | undefined;
}

/** A deploy in progress: its options, the state it started from, and how far it has come. */
export class Run {
  readonly stack: Stack;
  readonly engine: Engine;
  readonly options: DeployOptions;
  readonly start: Start;
  readonly lock: Lock;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  readonly id = operationId();
  /** The pool that the release is deployed to. */
  readonly pool: Pool;
  /** The pool that is active until the switch. */
  readonly oldPool: Pool;
  readonly gateMs: number;
  readonly drainMs: number;
  /** The image as written to the env file, such as a digest: a reference that cannot change its meaning. */
  image: string | undefined;
  /** Set once the release is in the env file. */
  planned: Planned | undefined;
  canaryIsOn = false;
  /** Visitors have been sent to the new release. */
  wasUsed = false;
  /** The current step. */
  step = 'begin';
  readonly #startedAt = Date.now();

  constructor(
    stack: Stack,
    engine: Engine,
    options: DeployOptions,
    start: Start,
    { lock, signal }: { readonly lock: Lock; readonly signal: AbortSignal },
  ) {
    this.stack = stack;
    this.engine = engine;
    this.options = options;
    this.start = start;
    this.lock = lock;
    this.signal = signal;
    this.pool = start.standby.pool;
    this.oldPool = start.active.pool;
    this.gateMs = durationMs(stack.settings.DEPLOY_TIMEOUT) ?? 0;
    this.drainMs = durationMs(stack.settings.DRAIN_TIMEOUT) ?? 0;
  }

  /** The fields that all journal records of this deploy share. */
  get identity() {
    return { deploy: this.id, pool: this.pool, release: this.options.release };
  }

  get tookMs(): number {
    return Date.now() - this.#startedAt;
  }

  /** Runs a step, unless Ctrl-C has been pressed before. */
  async at<T>(name: string, run: (say: Say) => Promise<T>): Promise<T> {
    this.signal.throwIfAborted();
    this.step = name;
    this.lock.at(name);
    try {
      return await step(name, run);
    } catch (error) {
      // A program that is just being started receives the terminal's Ctrl-C too, and fails because of it.
      if (!(error instanceof GateFailure)) this.signal.throwIfAborted();
      throw error;
    }
  }

  async hook(name: HookName): Promise<void> {
    this.signal.throwIfAborted();
    this.step = `${name} hook`;
    this.lock.at(this.step);
    const ran = await runHook(this.stack, name, this.hookEnvironment(), this.signal);
    if (ran) printToStderr(`${styledForStderr('green', ' ok')} ${name} hook`);
    this.signal.throwIfAborted();
  }

  /** Writes a record to the journal; the watcher sends an alert about it. */
  async record(what: Parameters<typeof recordLine>[1]): Promise<void> {
    await this.engine.edge('record', recordLine(this.stack, what));
  }

  /** Records that the deploy failed at the current step. */
  async recordFailure(why: string, { rolledBack, restored, noWayBack }: FailureEnd): Promise<void> {
    await this.recordEnd({
      kind: 'deploy-failed',
      ...this.identity,
      step: this.step,
      why: why.slice(0, maxWhyChars),
      rolledBack,
      restored,
      noWayBack: noWayBack?.slice(0, maxNoWayBackChars),
      wasUsed: this.wasUsed,
      tookMs: this.tookMs,
    });
  }

  /** Writes the final record. If that fails, it only warns, so that the command can still report the result. */
  async recordEnd(what: Parameters<typeof recordLine>[1]): Promise<void> {
    await attempt('the result was not recorded, so no alert about it is sent', () => this.record(what));
  }

  hookEnvironment(): HookEnvironment {
    return hookEnvironment(this.stack, this.engine, {
      ...this.identity,
      image: this.image,
      previousPool: this.oldPool,
      previousRelease: this.start.active.release,
    });
  }

  /** Drops an image, unless the env file still names it for a pool. */
  async forgetImage(image: string | undefined): Promise<void> {
    const { BLUE_IMAGE, GREEN_IMAGE } = readStack(this.stack.envFile).settings;
    if (image !== undefined && image !== BLUE_IMAGE && image !== GREEN_IMAGE) await this.engine.dropImage(image);
  }

  /** Prints the last lines of the new release's log, before its process is replaced. */
  async showLog(): Promise<void> {
    const lines = await this.engine.lastLines(appOf(this.pool), logLines).catch(() => '');
    if (lines !== '') printToStderr(`--- last lines of app_${this.pool}\n${stripVTControlCharacters(lines)}\n---`);
  }
}

/** Whether an error comes from Ctrl-C. */
export function isInterruption(error: unknown): boolean {
  return error instanceof Interrupted || (error instanceof Error && error.cause instanceof Interrupted);
}
