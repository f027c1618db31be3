import { setTimeout as delay } from 'node:timers/promises';
import { type Step, timelineOf } from '../../proof/judge/timeline.ts';
import { isInnocent, isPost, isQuick, nowMs, type Sample, tookMs } from '../../proof/load/sample.ts';
import type { Contender } from './contenders.ts';
import type { FaultKind } from './fault-kinds.ts';
import { startBenchLoad } from './load.ts';
import { startDemoPools } from './pools.ts';

/** One contender's pass through one fault. */
export interface Pass {
  readonly contender: string;
  readonly fault: string;
  readonly round: number;
  readonly requests: number;
  /** The number of failed requests, by kind and failure. */
  readonly failures: Readonly<Record<string, number>>;
  readonly failedGets: number;
  readonly failedPosts: number;
  /** Event streams that were cut off or never began. */
  readonly failedStreams: number;
  /** Latencies of quick requests since they were due, ascending. */
  readonly latenciesMs: readonly number[];
  /** From the fault to its end. */
  readonly repairedMs: number;
  readonly timeline: readonly Step[];
}

export interface PassOptions {
  readonly directory: string;
  readonly round: number;
  /** Requests per second. */
  readonly rate: number;
  /** How long the fault lasts. */
  readonly seconds: number;
}

const beforeMs = 3_000;
/** Long enough for every edge to return to the pool. */
const afterMs = 7_000;

/** Breaks the active one of two demo apps behind the edge under load, then repairs it. */
export async function passThrough(contender: Contender, fault: FaultKind, options: PassOptions): Promise<Pass> {
  const { directory, round, rate, seconds } = options;
  const pools = await startDemoPools(directory);
  const running = await contender.start({ directory, pools: pools.ports });
  try {
    const load = await startBenchLoad(running.url, rate, fault.strange);
    try {
      await delay(beforeMs);
      const brokenAt = nowMs();
      await fault.inject(pools);
      await delay(Math.max(0, brokenAt + seconds * 1000 - nowMs()));
      await fault.repair(pools);
      const repairedAt = nowMs();
      await delay(afterMs);
      running.edge.assertRunning();
      return passOf(await load.end(), brokenAt, { contender: contender.name, fault: fault.name, round, repairedAt });
    } finally {
      load.kill();
    }
  } finally {
    await Promise.all([running.stop(), pools.stop()]);
  }
}

function passOf(
  all: readonly Sample[],
  brokenAt: number,
  { repairedAt, ...names }: { contender: string; fault: string; round: number; repairedAt: number },
): Pass {
  const samples = all.filter(isInnocent);
  const failed = samples.filter(({ failure }) => failure !== undefined);
  const before = failed.filter(({ endedAt }) => endedAt < brokenAt);
  if (before.length > 0) throw new Error(`${names.contender}: ${before.length} requests failed before the fault`);
  const failures: Record<string, number> = {};
  for (const { kind, failure } of failed) {
    const name = `${kind}: ${failure}`;
    failures[name] = (failures[name] ?? 0) + 1;
  }
  const posts = failed.filter(isPost).length;
  const streams = failed.filter(({ kind }) => kind === 'stream').length;
  return {
    ...names,
    requests: samples.length,
    failures,
    failedGets: failed.length - posts - streams,
    failedPosts: posts,
    failedStreams: streams,
    latenciesMs: samples
      .filter(isQuick)
      .map((sample) => Math.round(tookMs(sample) * 10) / 10)
      .sort((one, other) => one - other),
    repairedMs: Math.round(repairedAt - brokenAt),
    timeline: timelineOf(samples, brokenAt),
  };
}
