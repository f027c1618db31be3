import { latencyBounds } from '../../metrics/bounds.ts';
import type { PoolCounts } from '../../report/counters.ts';
import { otherPool, type Pool, pools } from '../../settings/pool.ts';
import type { AccessEvent } from '../request/event.ts';
import { failedAt, visitorLeft } from '../request/observe.ts';

interface Counts {
  address: string;
  requests: number;
  failed: number;
  own: number;
  lost: number;
  readonly latency: number[];
}

/** Counts attempts by pool since the start, for the verdict of a canary and of a bake. */
export class PoolCounters {
  readonly #counts: readonly Counts[];

  /** @param addresses the pools' addresses, as the edge logs them */
  constructor(addresses: { readonly [pool in Pool]: string }) {
    const latency = () => Array.from({ length: latencyBounds.buckets }, () => 0);
    this.#counts = pools.map((pool) => ({
      address: addresses[pool],
      requests: 0,
      failed: 0,
      own: 0,
      lost: 0,
      latency: latency(),
    }));
  }

  readonly count = (event: AccessEvent): void => {
    this.#countOwn(event);
    const { attempts } = event;
    for (let index = 0; index < attempts.length; index++) {
      const attempt = attempts[index];
      const counts = attempt === undefined ? undefined : this.#at(attempt.address);
      // If no pool was left to try, nginx logs the name of the upstream group.
      if (attempt === undefined || counts === undefined) continue;
      counts.requests++;
      // Without a status, the client left.
      if (failedAt(event, index)) counts.failed++;
      if (attempt.headerMs === undefined || attempt.silent) continue;
      const place = latencyBounds.bucketOf(attempt.headerMs);
      counts.latency[place] = (counts.latency[place] ?? 0) + 1;
    }
  };

  #countOwn(event: AccessEvent): void {
    const { active, route, attempts } = event;
    if (active === undefined || visitorLeft(event)) return;
    const wanted = route === 'canary' ? otherPool(active) : active;
    const counts = this.#counts[wanted === 'blue' ? 0 : 1];
    if (counts === undefined) return;
    let wasTried = false;
    let failed = false;
    let failedElsewhere = false;
    for (let index = 0; index < attempts.length; index++) {
      const tried = this.#at(attempts[index]?.address ?? '');
      if (tried === undefined) continue;
      if (tried === counts) wasTried = true;
      if (!failedAt(event, index)) continue;
      if (tried === counts) failed = true;
      else failedElsewhere = true;
    }
    // What the edge diverted to the other pool says nothing about this one: its health checks do.
    if (!wasTried) return;
    counts.own++;
    // A request that fails on both pools convicts neither.
    if (failed && !failedElsewhere) counts.lost++;
  }

  read(): { readonly [pool in Pool]: PoolCounts } {
    const [blue, green] = this.#counts.map(({ requests, failed, own, lost, latency }) => ({
      requests,
      failed,
      own,
      lost,
      latencyMs: { bounds: latencyBounds.ms, counts: [...latency] },
    }));
    if (blue === undefined || green === undefined) throw new Error('two pools');
    return { blue, green };
  }

  #at(address: string): Counts | undefined {
    for (const counts of this.#counts) {
      if (counts.address !== address) continue;
      // With the same string object, the next comparison is immediate.
      counts.address = address;
      return counts;
    }
    return undefined;
  }
}
