import { otherPool, type Pool } from '../../settings/pool.ts';
import { isInnocent, isQuick, type Sample, tookMs } from '../load/sample.ts';
import type { Moments } from './moments.ts';
import { ascending, quantile } from './quantile.ts';

/**
 * The figures of one scenario, without a stranger's requests. Latencies are those of quick requests that succeeded, from when they
 * were due; a failed request counts as a failure, however long it took.
 */
export interface Figures {
  readonly requests: number;
  readonly failed: number;
  /** Failed requests by kind and failure, as in "post: status 504". */
  readonly failures: Readonly<Record<string, number>>;
  readonly served: Readonly<Record<Pool, number>>;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  /** Quick requests that took longer than half a second. */
  readonly late: number;
  /** Late requests that were due after the fault had been detected. */
  readonly lateOnceDetected: number;
  /** From the fault to the first response of the standby to a request due after the fault. */
  readonly failoverMs: number | undefined;
  /** After a failover: from the repair, or from the fault if it ends without a command, to the first response of the active pool. */
  readonly recoveryMs: number | undefined;
}

/** `fault`: until it is undone. `itself`: until it ends without a command. `act`: until the operation has been carried out. */
export type Lasts = 'fault' | 'itself' | 'act';

export const lateMs = 500;

export function figuresOf(
  samples: readonly Sample[],
  moments: Moments,
  { active, lasts }: { readonly active: Pool; readonly lasts: Lasts },
): Figures {
  const innocent = samples.filter(isInnocent);
  const failed = innocent.filter(({ failure }) => failure !== undefined);
  const quick = innocent.filter((sample) => isQuick(sample) && sample.failure === undefined);
  const latencies = ascending(quick.map(tookMs));
  const late = quick.filter((sample) => tookMs(sample) > lateMs);
  const { brokenAt, detectedBy, repairingAt } = moments;

  /** Relies on samples being ordered by their ends. */
  const firstFrom = (pool: Pool, since: number) =>
    quick.find((sample) => sample.dueAt >= since && sample.pool === pool)?.endedAt;
  const failedOverAt = lasts === 'act' ? undefined : firstFrom(otherPool(active), brokenAt);
  const endsItself = lasts === 'itself';
  const backAt = failedOverAt === undefined ? undefined : firstFrom(active, endsItself ? failedOverAt : repairingAt);

  return {
    requests: innocent.length,
    failed: failed.length,
    failures: countBy(failed, nameOf),
    served: { blue: servedBy(innocent, 'blue'), green: servedBy(innocent, 'green') },
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    p999Ms: quantile(latencies, 0.999),
    maxMs: quantile(latencies, 1),
    late: late.length,
    lateOnceDetected: late.filter(({ dueAt }) => dueAt > detectedBy && dueAt < repairingAt).length,
    failoverMs: failedOverAt === undefined ? undefined : failedOverAt - brokenAt,
    recoveryMs: backAt === undefined ? undefined : backAt - (endsItself ? brokenAt : repairingAt),
  };
}

/** As in "post: status 504". */
export function nameOf({ kind, failure }: Sample): string {
  return `${kind}: ${failure}`;
}

function servedBy(samples: readonly Sample[], pool: Pool): number {
  return samples.filter((sample) => sample.pool === pool && sample.failure === undefined).length;
}

function countBy(samples: readonly Sample[], name: (sample: Sample) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const sample of samples) counts[name(sample)] = (counts[name(sample)] ?? 0) + 1;
  return counts;
}
