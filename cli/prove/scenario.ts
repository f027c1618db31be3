import type { Lasts } from '../../proof/judge/figures.ts';
import type { Expectation } from '../../proof/judge/verdict.ts';
import { demoShares, streamSeconds } from '../../proof/load/mix.ts';
import type { Sample } from '../../proof/load/sample.ts';
import type { AlertKind } from '../../report/alert-kinds.ts';
import { otherPool, type Pool } from '../../settings/pool.ts';
import type { ScenarioName } from '../arguments.ts';
import type { EdgeStatus } from '../edge/control-state.ts';
import type { Engine } from '../engine/engine.ts';
import type { Stack } from '../stack/stack.ts';
import type { Hands } from './hands.ts';

/** The stack that a scenario is played on, and how. */
export interface Stage {
  readonly stack: Stack;
  readonly engine: Engine;
  readonly hands: Hands;
  readonly edge: EdgeStatus;
  /** The demo app runs on both pools, and lets itself be broken. */
  readonly isDemo: boolean;
  readonly active: Pool;
  readonly standby: Pool;
  /** How long a fault lasts. */
  readonly faultMs: number;
  readonly rates: Rates;
  /** Ctrl-C. */
  readonly signal: AbortSignal;
}

/** A time in the clock of samples. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** What has to hold of the requests beyond the expectation; what does not, in words. */
export type Check = (samples: readonly Sample[]) => readonly string[];

export interface Alerts {
  /** How often each has to come: told, or held back by nothing but its cooldown. */
  readonly due: Readonly<Partial<Record<AlertKind, number>>>;
  /** How often each of these may be told too; any other is a fault. */
  readonly may?: Readonly<Partial<Record<AlertKind, number>>>;
  /** One of them has to say this. */
  readonly says?: RegExp;
}

/** Of one error rate: once more when visitors begin to see it. */
export const errorRates = 2;

export interface Scenario {
  readonly name: ScenarioName;
  /** For the table's reader, in half a sentence. */
  readonly about: string;
  readonly lasts: Lasts;
  /** A fault has to last so long for all that is due to be seen, and no more than that. */
  leastMs?(stage: Stage): number;
  /** Poison requests a second that the load makes beside all others. */
  readonly poisonRate?: number;
  /** Why it cannot be played here; undefined: it can. */
  whyNot?(stage: Stage): Promise<string | undefined>;
  act(stage: Stage): Promise<Check | undefined>;
  /** Puts everything back. Called after a failure too, whatever was done by then. */
  undo(stage: Stage): Promise<void>;
  expects(stage: Stage): Expectation;
  readonly alerts: Alerts;
}

export function stageOf(base: Omit<Stage, 'active' | 'standby'>): Stage {
  const { active } = base.edge;
  return { ...base, active, standby: otherPool(active) };
}

/** What the load makes, for bounds that follow from it. All per second. */
export interface Rates {
  readonly all: number;
  readonly posts: number;
  /** Streams that are open at a time. */
  readonly openStreams: number;
  readonly streams: number;
  /** Bounds in absolute numbers are for 400 requests/s; a smaller load has smaller ones. */
  scaled(at400: number): number;
}

/** A client thinks 0.85 s between two requests. */
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
