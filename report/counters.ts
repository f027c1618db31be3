import type { Pool } from '../settings/pool.ts';
import type { Health } from './health.ts';

/** Counts of the attempts at one pool. */
export interface PoolCounts {
  readonly requests: number;
  readonly failed: number;
  /** Requests meant for this pool that were tried on it: it was active, or they were a canary's. */
  readonly own: number;
  /** Those of them that failed on it (5xx, no answer, cut off), but not on the other pool as well. */
  readonly lost: number;
  /** Answers by time to the first byte: `counts[i]` took at most `bounds[i]` ms; the last count took longer than all bounds. */
  readonly latencyMs: { readonly bounds: readonly number[]; readonly counts: readonly number[] };
}

/** The answer of `GET /counters`, for the command line. Counted since the start of the watcher. */
export interface Counters {
  readonly startedAtMs: number;
  readonly nowMs: number;
  /** Bytes of the log that have not been read yet. */
  readonly lagBytes: number;
  readonly active: Pool | null;
  readonly down: Health['down'];
  readonly pools: { readonly [pool in Pool]: PoolCounts };
}
