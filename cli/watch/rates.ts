import type { Counters } from '../../report/counters.ts';
import { type Pool, pools } from '../../settings/pool.ts';

/** The current load of each pool. */
export type Rates = { readonly [pool in Pool]: { readonly perSecond: number; readonly failed: number } };

/** With a shorter span, figures would jump with each look. */
const spanMs = 3_000;

/** Requests per second over the last few seconds, from the watcher's counters. */
export class RateMeter {
  #counts: readonly Counters[] = [];

  /** Undefined if the rates are not known yet, or if the watcher does not answer. */
  next(counters: Counters | undefined): Rates | undefined {
    // The counters start at 0 with the watcher.
    if (counters === undefined || counters.startedAtMs !== this.#counts.at(-1)?.startedAtMs) this.#counts = [];
    if (counters === undefined) return undefined;
    const older = this.#counts.findLastIndex(({ nowMs }) => nowMs <= counters.nowMs - spanMs);
    this.#counts = [...this.#counts.slice(Math.max(0, older)), counters];
    const [first] = this.#counts;
    const seconds = first === undefined ? 0 : (counters.nowMs - first.nowMs) / 1_000;
    if (first === undefined || seconds <= 0) return undefined;
    const rateOf = (pool: Pool) => ({
      perSecond: (counters.pools[pool].requests - first.pools[pool].requests) / seconds,
      failed: counters.pools[pool].failed - first.pools[pool].failed,
    });
    return Object.fromEntries(pools.map((pool) => [pool, rateOf(pool)])) as Rates;
  }
}
