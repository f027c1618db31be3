import { randomUUID } from 'node:crypto';
import { type Figures, figuresOf } from '../../proof/judge/figures.ts';
import type { Moments } from '../../proof/judge/moments.ts';
import { type Step, timelineOf } from '../../proof/judge/timeline.ts';
import { type Excused, verdictOf } from '../../proof/judge/verdict.ts';
import { type LoadProcess, startLoadProcess } from '../../proof/load/load-process.ts';
import { nowMs } from '../../proof/load/sample.ts';
import { edgeUrl } from '../stack/stack.ts';
import { untilCalm } from './calm.ts';
import { noticedAfterMs } from './expectations.ts';
import { type Hands, pass } from './hands.ts';
import { type ProofWatcher, type SeenAlert, startProofWatcher } from './proof-watcher.ts';
import type { Check, Scenario, Stage } from './scenario.ts';
import { alertFaults, countOf, hasSettled, untilTold } from './settled.ts';

/** What one scenario showed. */
export interface Result extends Figures {
  readonly name: string;
  readonly about: string;
  /** Requests that the edge tried on both pools. */
  readonly retried: number;
  readonly excused: readonly Excused[];
  readonly alertsDue: number;
  /** Of those, with what a cooldown holds back. */
  readonly alertsTold: number;
  readonly alerts: readonly SeenAlert[];
  /** What was not as it must be; empty: proved. */
  readonly faults: readonly string[];
  /** In milliseconds from the fault on. */
  readonly injectedMs: number;
  readonly healedMs: number;
  readonly timeline: readonly Step[];
}

export interface LoadSize {
  readonly rate: number;
  readonly connections: number;
}

const baselineMs = 3_000;
/** What was noticed has to be seen for so long. */
const noticedForMs = 1_000;

/** Plays one scenario under load, and judges it. Whatever happens, it is undone. */
export async function play(scenario: Scenario, stage: Stage, size: LoadSize): Promise<Result> {
  await untilCalm(stage.stack, stage.engine);
  const userAgent = `bluegreen-prove/${randomUUID()}`;
  const watcher = await startProofWatcher(stage.hands);
  let load: LoadProcess | undefined;
  try {
    load = await startLoadProcess({
      url: edgeUrl(stage.stack),
      rate: size.rate,
      clients: size.connections,
      mix: stage.isDemo ? { app: 'demo' } : { app: 'any', path: stage.stack.settings.HEALTH_PATH },
      poisonRate: scenario.poisonRate ?? 0,
      userAgent,
    });
    const { moments, check, isSettled } = await run(scenario, stage, load, watcher);
    const whyDeaf = await watcher.whyDeaf();
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
      alertsTold: due.reduce((sum, [kind, count]) => sum + Math.min(count, countOf(watcher, kind)), 0),
      alerts: watcher.alerts,
      faults: [
        ...verdict.faults,
        ...(isSettled ? [] : [`traffic did not settle on ${stage.active} again`]),
        ...(check?.(samples) ?? []),
        ...alertFaults(scenario, watcher),
        ...(whyDeaf === undefined ? [] : [whyDeaf]),
      ],
      injectedMs: Math.round(moments.injectedAt - moments.brokenAt),
      healedMs: Math.round(moments.healedAt - moments.brokenAt),
      timeline: timelineOf(samples, moments.brokenAt),
    };
  } finally {
    load?.kill();
    await watcher.stop();
  }
}

/** How long a fault is left alone once it is there. */
export function lastsMs(scenario: Scenario, stage: Stage): number {
  return Math.max(stage.faultMs, scenario.leastMs?.(stage) ?? 0, noticedAfterMs(stage.stack) + noticedForMs);
}

interface Course {
  readonly moments: Moments;
  readonly check: Check | undefined;
  readonly isSettled: boolean;
}

async function run(scenario: Scenario, stage: Stage, load: LoadProcess, watcher: ProofWatcher): Promise<Course> {
  const { signal, stack } = stage;
  const beganAt = nowMs();
  await pass(baselineMs, signal);
  const brokenAt = nowMs();
  let check: Check | undefined;
  let injectedAt: number;
  let healingAt: number;
  try {
    check = await scenario.act(stage);
    injectedAt = nowMs();
    if (scenario.lasts !== 'act') {
      await pass(injectedAt + lastsMs(scenario, stage) - nowMs(), signal);
    }
    healingAt = nowMs();
  } finally {
    await scenario.undo(stage);
  }
  const healedAt = nowMs();
  const isSettled = await hasSettled(stage, load, healedAt);
  await untilTold(scenario, watcher);
  // What heals by itself breaks by itself too, at a moment that nobody knows.
  const detectedBy = scenario.lasts === 'itself' ? healingAt : injectedAt + noticedAfterMs(stack);
  return { moments: { beganAt, brokenAt, injectedAt, detectedBy, healingAt, healedAt }, check, isSettled };
}

/** How many requests of one load the edge has tried on both pools, as its log tells. */
export async function countRetried(hands: Hands, userAgent: string): Promise<number> {
  const count = await hands.onEdge(
    // The log may have been rotated meanwhile, more than once.
    `for log in "$LOG".[0-9]* "$LOG"; do [ ! -f "$log" ] || grep -hF '${userAgent}' "$log" || :; done | ` +
      `grep -c 'upstream_status="[^"]*, ' || :`,
  );
  return Number(count);
}
