import { otherPool, type Pool } from '../settings/pool.ts';
import type { DownFlags } from './flags.ts';

/** Without a request for so long, the log says nothing of now. */
const idleAfterMs = 10_000;

/** @param lastMs when the last request had ended */
export function isIdle(lastMs: number, nowMs: number): boolean {
  return nowMs - lastMs > idleAfterMs;
}

/** The pool that the edge asks first: the active one, unless that alone fails its health checks. */
export function askedFirst(active: Pool, flags: Pick<DownFlags, Pool>): Pool {
  const standby = otherPool(active);
  return flags[active] !== null && flags[standby] === null ? standby : active;
}
