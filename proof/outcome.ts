import { otherPool, type Pool } from '../settings/pool.ts';
import type { Sample } from './failover-load.ts';
import type { Fault } from './faults.ts';
import { ascending, quantile } from './judge/quantile.ts';

/** The result of one scenario. Times in milliseconds. */
export interface Outcome {
  readonly name: string;
  readonly requests: number;
  readonly failed: number;
  readonly from: Readonly<Record<Pool, number>>;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** From the fault to the first response of the standby. */
  readonly failoverMs: number | undefined;
  /** From the repair, or from the fault if it ends without a command, to the first response of the active pool. */
  readonly recoveryMs: number | undefined;
  /** Violated expectations, in words; empty if the failover is proved. */
  readonly faults: readonly string[];
}

/** Times of a scenario, in milliseconds of the clock of samples (nowMs). */
export interface Moments {
  /** Right before the fault. */
  readonly brokenAt: number;
  readonly injectedAt: number;
  /** Right before the repair. */
  readonly repairingAt: number;
}

/** The response to one extra request right after the fault. */
export interface NextAnswer {
  readonly status: number;
  readonly pool: string | undefined;
}

const leastStandbyShare = 0.95;

/** @param next undefined if the extra request got no response, or was not sent */
export function outcomeOf(
  samples: readonly Sample[],
  { name, lasting }: Pick<Fault, 'name' | 'lasting'>,
  { brokenAt, injectedAt, repairingAt }: Moments,
  active: Pool,
  next: NextAnswer | undefined,
): Outcome {
  const standby = otherPool(active);
  const firstFrom = (pool: Pool, since: number) =>
    samples.find((sample) => sample.endedAt > since && sample.pool === pool && sample.failure === undefined)?.endedAt;
  const after = (moment: number | undefined, since: number) => (moment === undefined ? undefined : moment - since);
  const failedOverAt = firstFrom(standby, brokenAt);
  const failoverMs = after(failedOverAt, brokenAt);
  const recoveryMs = lasting
    ? after(firstFrom(active, repairingAt), repairingAt)
    : after(firstFrom(active, failedOverAt ?? brokenAt), brokenAt);
  const baseline = samples.filter(({ endedAt }) => endedAt < brokenAt);
  const whileBroken = samples.filter(({ endedAt }) => endedAt > injectedAt && endedAt < repairingAt);
  const failures = samples.filter(({ failure }) => failure !== undefined);
  const latencies = ascending(samples.map(({ tookMs }) => tookMs));
  return {
    name,
    requests: samples.length,
    failed: failures.length,
    from: { blue: count(samples, 'blue'), green: count(samples, 'green') },
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    maxMs: quantile(latencies, 1),
    failoverMs,
    recoveryMs,
    faults: [
      ...baselineFaults(baseline, active),
      ...failures.slice(0, 3).map(({ failure }) => `a request failed: ${failure}`),
      ...(failoverMs === undefined ? [`${standby} never answered: the fault had no effect`] : []),
      ...(lasting ? lastingFaults(next, whileBroken, standby) : []),
      ...(recoveryMs === undefined ? [`traffic did not return to ${active}`] : []),
    ],
  };
}

function baselineFaults(baseline: readonly Sample[], active: Pool): string[] {
  const wrong = baseline.filter(({ pool }) => pool !== active).length;
  const release = baseline[0]?.release;
  const unnamed = baseline.filter((sample) => sample.release === undefined || sample.release !== release).length;
  return [
    ...(baseline.length === 0 ? ['no request was answered before the fault'] : []),
    ...(wrong > 0 ? [`before the fault, ${wrong} requests were not served by ${active}`] : []),
    ...(unnamed > 0 ? [`before the fault, ${unnamed} responses had no X-Release-Id or a different one`] : []),
  ];
}

function lastingFaults(next: NextAnswer | undefined, whileBroken: readonly Sample[], standby: Pool): string[] {
  const share = count(whileBroken, standby) / Math.max(1, whileBroken.length);
  const answer = next === undefined ? 'no response' : `${next.status} from ${next.pool ?? 'no pool'}`;
  return [
    ...(next?.status === 200 && next.pool === standby ? [] : [`the next request got ${answer}`]),
    ...(share >= leastStandbyShare
      ? []
      : [`only ${(share * 100).toFixed(1)}% of the requests during the fault were served by ${standby}`]),
  ];
}

function count(samples: readonly Sample[], pool: Pool): number {
  return samples.filter((sample) => sample.pool === pool && sample.failure === undefined).length;
}
