import type { Lasts } from '../../proof/judge/figures.ts';
import type { Expectation } from '../../proof/judge/verdict.ts';
import type { Strange } from '../../proof/load/load.ts';
import { demoShares, streamSeconds } from '../../proof/load/mix.ts';
import type { Sample } from '../../proof/load/sample.ts';
import type { AlertKind } from '../../report/alert-kinds.ts';
import { otherPool, type Pool } from '../../settings/pool.ts';
import type { ScenarioName } from '../arguments.ts';
import type { EdgeStatus } from '../edge/control-state.ts';
import type { Engine } from '../engine/engine.ts';
import type { Stack } from '../stack/stack.ts';
import type { Hands } from './hands.ts';

/** The stack that a scenario runs on, and its parameters. */
export interface Stage {
  readonly stack: Stack;
  readonly engine: Engine;
  readonly hands: Hands;
  readonly edge: EdgeStatus;
  /** Whether both pools run the demo app with chaos enabled. */
  readonly isDemo: boolean;
  readonly active: Pool;
  readonly standby: Pool;
  /** The configured duration of a fault, in milliseconds. */
  readonly faultMs: number;
  readonly rates: Rates;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** A span of time, in milliseconds of the clock of samples (nowMs). */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** Checks the requests beyond the expectation; returns violations, in words. */
export type Check = (samples: readonly Sample[]) => readonly string[];

export interface Alerts {
  /** How often each must be raised: sent, or held back only by its cooldown. */
  readonly due: Readonly<Partial<Record<AlertKind, number>>>;
  /** How often each of these may be sent as well; any other alert is a violation. */
  readonly may?: Readonly<Partial<Record<AlertKind, number>>>;
  /** The text of at least one alert must match this. */
  readonly says?: RegExp;
}

/** How many error-rate alerts one fault may cause: a second one is sent once visitors begin to see errors. */
export const errorRates = 2;

export interface Scenario {
  readonly name: ScenarioName;
  /** A short description for the tables. */
  readonly about: string;
  readonly lasts: Lasts;
  /** The shortest fault duration that shows everything due, in milliseconds. */
  leastMs?(stage: Stage): number;
  /** The requests of a stranger, in addition to the normal load. */
  readonly strange?: Strange;
  /** Why the scenario cannot run on this stack; undefined if it can. */
  skipReason?(stage: Stage): Promise<string | undefined>;
  /** Brings about a state that belongs to the scenario but is not its fault, before the load. undo() ends it, too. */
  prepare?(stage: Stage): Promise<void>;
  /** Injects the fault or carries out the operation. */
  act(stage: Stage): Promise<Check | undefined>;
  /** Undoes everything. Also called after a failure, whatever act() had done by then. */
  undo(stage: Stage): Promise<void>;
  expects(stage: Stage): Expectation;
  readonly alerts: Alerts;
}

export function stageOf(base: Omit<Stage, 'active' | 'standby'>): Stage {
  const { active } = base.edge;
  return { ...base, active, standby: otherPool(active) };
}

/** Rates of the load, which bounds are derived from. All per second. */
export interface Rates {
  readonly all: number;
  readonly posts: number;
  /** Streams open at the same time. */
  readonly openStreams: number;
  readonly streams: number;
  /** Scales an absolute bound, given for 400 requests/s, to this load. */
  scaled(at400: number): number;
}

/** A client pauses 0.85 s on average between two requests. */
const clientRate = 1 / 0.85;

export function ratesOf({ rate, connections }: { readonly rate: number; readonly connections: number }): Rates {
  const all = rate + connections * clientRate;
  const share = (percent: number) => (all * percent) / 100;
  return {
    all,
    posts: share(demoShares.post + demoShares.upload),
    streams: share(demoShares.stream),
    openStreams: share(demoShares.stream) * (streamSeconds + 1) + 2,
    scaled: (at400) => Math.max(2, (at400 * rate) / 400),
  };
}

/** Finds connections that were closed outside of these spans, and so for another reason. */
export function closedAtOtherTimes(samples: readonly Sample[], spans: readonly Window[]): string[] {
  const others = samples.filter(
    ({ failure, endedAt }) =>
      failure === 'reset on a kept connection' && !spans.some(({ from, to }) => endedAt >= from && endedAt <= to),
  );
  return others.length === 0 ? [] : [`${others.length} kept connections were closed though the edge did not change`];
}
