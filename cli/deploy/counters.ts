import { z } from 'zod';
import type { Pool } from '../../settings/pool.ts';
import { ask, parsedJson } from '../edge/http.ts';
import { type Stack, watcherUrl } from '../stack/stack.ts';

const poolCounts = z.object({
  own: z.number(),
  lost: z.number(),
  latencyMs: z.object({ bounds: z.array(z.number()), counts: z.array(z.number()) }),
});

const schema = z.object({
  startedAtMs: z.number(),
  lagBytes: z.number(),
  active: z.enum(['blue', 'green']).nullable(),
  down: z.object({ blue: z.boolean(), green: z.boolean() }).nullable(),
  pools: z.object({ blue: poolCounts, green: poolCounts }),
});

/** `own`: requests routed to the pool first; `lost`: those of them that the pool failed. */
export type PoolCounts = z.output<typeof poolCounts>;

/** What the watcher has counted since it started, and the flags as it last read them. */
export type Counters = z.output<typeof schema>;

/** Undefined if the watcher does not answer, or if something else answers at its port. */
export async function readCounters(stack: Stack): Promise<Counters | undefined> {
  const { status, body } = await ask(`${watcherUrl(stack)}/counters`);
  if (status !== 200) return undefined;
  return schema.safeParse(parsedJson(body)).data;
}

/** Counts since an earlier reading; all counts if the watcher has restarted since. */
export function since(before: Counters | undefined, now: Counters, pool: Pool): PoolCounts {
  const { own, lost, latencyMs } = now.pools[pool];
  if (before === undefined || before.startedAtMs !== now.startedAtMs) return now.pools[pool];
  const earlier = before.pools[pool];
  return {
    own: own - earlier.own,
    lost: lost - earlier.lost,
    latencyMs: {
      bounds: latencyMs.bounds,
      counts: latencyMs.counts.map((count, index) => count - (earlier.latencyMs.counts[index] ?? 0)),
    },
  };
}

/** The upper bound of the histogram bucket that holds the quantile, in milliseconds. Undefined if there are too few samples. */
export function quantileMs({ latencyMs }: PoolCounts, share: number, minSamples: number): number | undefined {
  const total = latencyMs.counts.reduce((sum, count) => sum + count, 0);
  if (total < minSamples) return undefined;
  let left = total * share;
  for (const [index, count] of latencyMs.counts.entries()) {
    left -= count;
    if (left <= 0) return latencyMs.bounds[index] ?? latencyMs.bounds.at(-1);
  }
  return latencyMs.bounds.at(-1);
}
