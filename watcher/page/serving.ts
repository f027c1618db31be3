import { otherPool, type Pool } from '../../settings/pool.ts';
import type { DownFlags } from '../control/flags.ts';

/** The pool that the edge tries first: the active one, unless it is the only one that fails its health checks. */
export function askedFirst(active: Pool, flags: Pick<DownFlags, Pool>): Pool {
  const standby = otherPool(active);
  return flags[active] !== null && flags[standby] === null ? standby : active;
}
