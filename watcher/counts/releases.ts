import type { Exposition } from '../../metrics/exposition.ts';
import { releasePattern } from '../../settings/fields.ts';
import { type Pool, pools } from '../../settings/pool.ts';
import type { Releases } from '../past/releases.ts';

/** More would be series that nobody looks at, or come from an app that reports a new release with each answer. */
export const maxReleases = 8;
/** A release that has not answered for this long can be replaced by another one. */
const forgottenAfterMs = 3_600_000;
/** Stands for all releases beyond the limit. */
export const otherReleases = 'other';

export interface ReleaseCount {
  readonly pool: Pool;
  readonly release: string;
  /** By status class, 1xx first. */
  readonly counts: number[];
  lastMs: number;
}

/** Requests by the release that answered. The number of releases is bounded, whatever an app reports. */
export class ReleaseCounts {
  readonly #counts: ReleaseCount[] = [];
  readonly #others: { readonly [pool in Pool]: ReleaseCount } = {
    blue: newCount('blue', otherReleases),
    green: newCount('green', otherReleases),
  };

  /** @param release as the edge logs it; undefined if the app reports none */
  count(pool: Pool, release: string | undefined, statusClass: number, atMs: number): void {
    const count = this.#of(pool, release ?? otherReleases, atMs);
    count.counts[statusClass] = (count.counts[statusClass] ?? 0) + 1;
    count.lastMs = atMs;
  }

  *[Symbol.iterator](): Iterator<ReleaseCount> {
    yield* this.#counts;
    for (const other of [this.#others.blue, this.#others.green]) if (other.lastMs > 0) yield other;
  }

  #of(pool: Pool, release: string, atMs: number): ReleaseCount {
    for (const count of this.#counts) if (count.release === release && count.pool === pool) return count;
    return this.#add(pool, release, atMs) ?? this.#others[pool];
  }

  #add(pool: Pool, release: string, atMs: number): ReleaseCount | undefined {
    if (release === otherReleases || !releasePattern.test(release)) return undefined;
    if (this.#counts.length >= maxReleases) {
      const forgotten = this.#counts.findIndex(({ lastMs }) => atMs - lastMs > forgottenAfterMs);
      if (forgotten < 0) return undefined;
      this.#counts.splice(forgotten, 1);
    }
    const count = newCount(pool, release);
    this.#counts.push(count);
    return count;
  }
}

/** The release of each pool: at most one series for each pool. */
export function exposeReleases(exposition: Exposition, releases: Releases): void {
  exposition.gauge(
    {
      name: 'bluegreen_pool_release_timestamp_seconds',
      help: 'When the pool began to run this release, in Unix time.',
      labels: ['pool', 'release'],
    },
    () => {
      releases.look();
      return pools.flatMap((pool) => {
        const runs = releases.runs(pool);
        return runs === null || !releasePattern.test(runs.release)
          ? []
          : [[[pool, runs.release], runs.sinceMs / 1_000] as const];
      });
    },
  );
}

function newCount(pool: Pool, release: string): ReleaseCount {
  return { pool, release, counts: [0, 0, 0, 0, 0], lastMs: 0 };
}
