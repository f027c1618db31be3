import type { Pool } from '../settings/pool.ts';
import type { Health } from './health.ts';

/** What the attempts at one pool came to. */
export interface PoolCounts {
  readonly requests: number;
  readonly failed: number;
  /** Requests that were to go to this pool: it was active, or they were of a canary. */
  readonly own: number;
  /** Of those, the ones that it did not answer well: another pool had to, it answered 5xx, or it broke off. */
  readonly lost: number;
  /** Of answers, to their first byte: `counts[i]` took at most `bounds[i]` ms; the last one of all took longer. */
  readonly latencyMs: { readonly bounds: readonly number[]; readonly counts: readonly number[] };
}

/** What `GET /counters` answers, for the command line: counted since the start. */
export interface Counters {
  readonly startedAtMs: number;
  readonly nowMs: number;
  /** What the log holds and has not been read. */
  readonly lagBytes: number;
  readonly active: Pool | null;
  readonly down: Health['down'];
  readonly pools: { readonly [pool in Pool]: PoolCounts };
}
