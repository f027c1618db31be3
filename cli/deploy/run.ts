import { stripVTControlCharacters } from 'node:util';
import type { Pool } from '../../settings/pool.ts';
import { durationMs } from '../arguments.ts';
import { operationId, recordLine } from '../edge/records.ts';
import { appOf, type Engine } from '../engine/engine.ts';
import { readStack, type Stack } from '../stack/stack.ts';
import { Interrupted } from '../terminal/interruption.ts';
import { type Say, step } from '../terminal/steps.ts';
import { attempt, painted, tell } from '../terminal/terminal.ts';
import { GateFailure } from './gates.ts';
import { type HookEnvironment, type HookName, hookEnvironment, runHook } from './hooks.ts';
import type { Lock } from './lock.ts';
import type { DeployOptions } from './options.ts';
import type { Planned } from './planned.ts';
import type { Start } from './preflight.ts';

const logLines = 20;
// A record of the journal is one line, written in one piece.
const maxWhyChars = 900;
const maxNoWayBackChars = 300;

/** How things stand after a deploy that failed. */
export interface FailureEnd {
  /** The pool that was active before is active again, after visitors had the release. */
  readonly rolledBack: boolean;
  /** The release that is on the standby again; undefined: none is. */
  readonly restored?: string | undefined;
  /** Why the release stays live; undefined: it is not live. */
  readonly noWayBack?: string | undefined;
}

/** One deploy on its way: what it was asked for, what it found, and how far it has come. */
export class Run {
  readonly stack: Stack;
  readonly engine: Engine;
  readonly options: DeployOptions;
  readonly start: Start;
  readonly lock: Lock;
  /** Ctrl-C. */
  readonly signal: AbortSignal;
  readonly id = operationId();
  /** Where the release goes, and what serves until then. */
  readonly pool: Pool;
  readonly oldPool: Pool;
  readonly gateMs: number;
  readonly drainMs: number;
  /** As it is written down, so that it always means the same. */
  image: string | undefined;
  /** What the idle colour is to run instead, once that has been written down. */
  planned: Planned | undefined;
  canaryIsOn = false;
  /** Visitors have been sent to it. */
  wasUsed = false;
  /** The step it has come to. */
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

  /** What every record of this deploy says. */
  get what() {
    return { deploy: this.id, pool: this.pool, release: this.options.release };
  }

  get tookMs(): number {
    return Date.now() - this.#startedAt;
  }

  /** Runs a step, unless it was stopped by hand before. */
  async at<T>(name: string, run: (say: Say) => Promise<T>): Promise<T> {
    this.signal.throwIfAborted();
    this.step = name;
    this.lock.at(name);
    try {
      return await step(name, run);
    } catch (error) {
      // A program that was only just being started gets the terminal's Ctrl-C too, and fails because of it.
      if (!(error instanceof GateFailure)) this.signal.throwIfAborted();
      throw error;
    }
  }

  async hook(name: HookName): Promise<void> {
    this.signal.throwIfAborted();
    this.step = `${name} hook`;
    this.lock.at(this.step);
    const ran = await runHook(this.stack, name, this.hookEnvironment(), this.signal);
    if (ran) tell(`${painted('green', ' ok')} ${name} hook`);
    this.signal.throwIfAborted();
  }

  /** Writes into the journal, which is what the channel hears. */
  async record(what: Parameters<typeof recordLine>[1]): Promise<void> {
    await this.engine.edge('record', recordLine(this.stack, what));
  }

  /** Records that the deploy failed at the step it has come to. */
  async recordFailure(why: string, { rolledBack, restored, noWayBack }: FailureEnd): Promise<void> {
    await this.recordEnd({
      kind: 'deploy-failed',
      ...this.what,
      step: this.step,
      why: why.slice(0, maxWhyChars),
      rolledBack,
      restored,
      noWayBack: noWayBack?.slice(0, maxNoWayBackChars),
      wasUsed: this.wasUsed,
      tookMs: this.tookMs,
    });
  }

  /** The same of how it ended, which is told to who waits for it even where nobody else can be. */
  async recordEnd(what: Parameters<typeof recordLine>[1]): Promise<void> {
    await attempt('the channel is not told how it ended', () => this.record(what));
  }

  hookEnvironment(): HookEnvironment {
    return hookEnvironment(this.stack, this.engine, {
      ...this.what,
      image: this.image,
      previousPool: this.oldPool,
      previousRelease: this.start.active.release,
    });
  }

  /** Lets go of an image that no pool is to run any more. */
  async forgetImage(image: string | undefined): Promise<void> {
    const { BLUE_IMAGE, GREEN_IMAGE } = readStack(this.stack.envFile).settings;
    if (image !== undefined && image !== BLUE_IMAGE && image !== GREEN_IMAGE) await this.engine.dropImage(image);
  }

  /** Shows the last that the new release printed, before it is gone. */
  async showLog(): Promise<void> {
    const lines = await this.engine.lastLines(appOf(this.pool), logLines).catch(() => '');
    if (lines !== '') tell(`--- the last lines of app_${this.pool}\n${stripVTControlCharacters(lines)}\n---`);
  }
}

/** Whether an error comes from Ctrl-C. */
export function isInterruption(error: unknown): boolean {
  return error instanceof Interrupted || (error instanceof Error && error.cause instanceof Interrupted);
}
