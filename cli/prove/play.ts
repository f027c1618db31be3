import { randomUUID } from 'node:crypto';
import { type Figures, figuresOf } from '../../proof/judge/figures.ts';
import type { Moments } from '../../proof/judge/moments.ts';
import { type Step, timelineOf } from '../../proof/judge/timeline.ts';
import { type Excused, verdictOf } from '../../proof/judge/verdict.ts';
import { type LoadProcess, startLoadProcess } from '../../proof/load/load-process.ts';
import type { MixName } from '../../proof/load/mix.ts';
import { nowMs } from '../../proof/load/sample.ts';
import { edgeAddress, edgeUrl, questionOf } from '../stack/stack.ts';
import { untilCalm } from './calm.ts';
import { detectedAfterMs } from './expectations.ts';
import { type Hands, pass } from './hands.ts';
import { type ProofWatcher, type SeenAlert, startProofWatcher } from './proof-watcher.ts';
import type { Check, Scenario, Stage } from './scenario.ts';
import { alertFaults, countOf, hasSettled, untilAlertsCame } from './settled.ts';

/** The result of one scenario. */
export interface Result extends Figures {
  readonly name: string;
  readonly about: string;
  /** Requests that the edge tried on both pools. */
  readonly retried: number;
  readonly excused: readonly Excused[];
  readonly alertsDue: number;
  /** How many of those due were sent, or held back only by a cooldown. */
  readonly alertsRaised: number;
  readonly alerts: readonly SeenAlert[];
  /** Violated expectations, in words; empty if the scenario is proved. */
  readonly faults: readonly string[];
  /** In milliseconds since right before the fault. */
  readonly injectedMs: number;
  readonly repairedMs: number;
  readonly timeline: readonly Step[];
}

export interface LoadSize {
  readonly rate: number;
  readonly connections: number;
}

const baselineMs = 3_000;
/** A fault lasts at least this long after its detection, so that the state after it is measured too. */
const detectedForMs = 1_000;

/** Runs one scenario under load, and judges it. The fault is undone whatever happens. */
export async function play(scenario: Scenario, stage: Stage, size: LoadSize): Promise<Result> {
  await untilCalm(stage.stack, stage.engine);
  const userAgent = `bluegreen-prove/${randomUUID()}`;
  const watcher = await startProofWatcher(stage.hands);
  let load: LoadProcess | undefined;
  try {
    load = await startLoadProcess({
      site: { url: edgeUrl(stage.stack), address: edgeAddress(stage.stack.settings) },
      rate: size.rate,
      clients: size.connections,
      mix: mixOf(stage),
      strange: scenario.strange,
      userAgent,
    });
    const { moments, check, isSettled } = await run(scenario, stage, load, watcher);
    const silenceReason = await watcher.silenceReason();
    const samples = await load.end();
    const figures = figuresOf(samples, moments, { active: stage.active, lasts: scenario.lasts });
    const verdict = verdictOf(samples, moments, figures, scenario.expects(stage), stage.active);
    const due = Object.entries(scenario.alerts.due) as [SeenAlert['kind'], number][];
    return {
      name: scenario.name,
      about: scenario.about,
      ...figures,
      retried: await countRetried(stage.hands, userAgent),
      excused: verdict.excused,
      alertsDue: due.reduce((sum, [, count]) => sum + count, 0),
      alertsRaised: due.reduce((sum, [kind, count]) => sum + Math.min(count, countOf(watcher, kind)), 0),
      alerts: watcher.alerts,
      faults: [
        ...verdict.faults,
        ...(isSettled ? [] : [`traffic did not return to ${stage.active}`]),
        ...(check?.(samples) ?? []),
        ...alertFaults(scenario, watcher),
        ...(silenceReason === undefined ? [] : [silenceReason]),
      ],
      injectedMs: Math.round(moments.injectedAt - moments.brokenAt),
      repairedMs: Math.round(moments.repairedAt - moments.brokenAt),
      timeline: timelineOf(samples, moments.brokenAt),
    };
  } finally {
    load?.kill();
    await watcher.stop();
  }
}

/** Of an app that is not the demo app, only the health path is known. */
export function mixOf({ isDemo, stack }: Pick<Stage, 'isDemo' | 'stack'>): MixName {
  return isDemo ? { app: 'demo' } : { app: 'any', question: questionOf(stack) };
}

/** How long a fault lasts after it has been injected, in milliseconds. */
export function lastsMs(scenario: Scenario, stage: Stage): number {
  return Math.max(stage.faultMs, scenario.leastMs?.(stage) ?? 0, detectedAfterMs(stage.stack) + detectedForMs);
}

interface Course {
  readonly moments: Moments;
  readonly check: Check | undefined;
  readonly isSettled: boolean;
}

async function run(scenario: Scenario, stage: Stage, load: LoadProcess, watcher: ProofWatcher): Promise<Course> {
  const { signal, stack } = stage;
  const beganAt = nowMs();
  let brokenAt: number;
  let check: Check | undefined;
  let injectedAt: number;
  let repairingAt: number;
  try {
    await scenario.prepare?.(stage);
    await pass(baselineMs, signal);
    brokenAt = nowMs();
    check = await scenario.act(stage);
    injectedAt = nowMs();
    if (scenario.lasts !== 'act') {
      await pass(injectedAt + lastsMs(scenario, stage) - nowMs(), signal);
    }
    repairingAt = nowMs();
  } finally {
    await scenario.undo(stage);
  }
  const repairedAt = nowMs();
  const isSettled = await hasSettled(stage, load, repairedAt);
  await untilAlertsCame(scenario, watcher);
  // A fault that ends without a command takes effect at an unknown moment after the command, so its detection has no deadline.
  const detectedBy = scenario.lasts === 'itself' ? repairingAt : injectedAt + detectedAfterMs(stack);
  return { moments: { beganAt, brokenAt, injectedAt, detectedBy, repairingAt, repairedAt }, check, isSettled };
}

/** How many requests of one load the edge has tried on both pools, according to its access log. */
export async function countRetried(hands: Hands, userAgent: string): Promise<number> {
  const count = await hands.onEdge(
    // The log may have been rotated during the scenario, more than once.
    `for log in "$LOG".[0-9]* "$LOG"; do [ ! -f "$log" ] || grep -hF '${userAgent}' "$log" || :; done | ` +
      `grep -cE 'upstream_status="[^"]*(, | : )' || :`,
  );
  return Number(count);
}
