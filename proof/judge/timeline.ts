import type { Pool } from '../../settings/pool.ts';
import { isQuick, type Sample, tookMs } from '../load/sample.ts';
import { ascending, quantile } from './quantile.ts';

/** The requests that were due within one step of 100 ms. */
export interface Step {
  /** Start of the step, in milliseconds since the fault; negative before it. */
  readonly atMs: number;
  readonly requests: number;
  readonly failed: number;
  readonly served: Readonly<Record<Pool, number>>;
  /** Latencies of quick requests, failed ones included, from when they were due. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const stepMs = 100;

export function timelineOf(samples: readonly Sample[], brokenAt: number): readonly Step[] {
  const steps = Map.groupBy(samples, ({ dueAt }) => Math.floor((dueAt - brokenAt) / stepMs) * stepMs);
  return [...steps]
    .toSorted(([one], [other]) => one - other)
    .map(([atMs, within]) => {
      const latencies = ascending(within.filter(isQuick).map(tookMs));
      const from = (pool: Pool) =>
        within.filter((sample) => sample.pool === pool && sample.failure === undefined).length;
      return {
        atMs,
        requests: within.length,
        failed: within.filter(({ failure }) => failure !== undefined).length,
        served: { blue: from('blue'), green: from('green') },
        p50Ms: rounded(quantile(latencies, 0.5)),
        p99Ms: rounded(quantile(latencies, 0.99)),
        maxMs: rounded(quantile(latencies, 1)),
      };
    });
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
