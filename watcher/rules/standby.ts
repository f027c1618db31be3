import { otherPool, type Pool } from '../../settings/pool.ts';
import type { StandbyDown, StandbyResolved } from '../alerts/alert.ts';
import type { DownFlag } from '../control/flags.ts';
import { announce, beginIncident, conclude, type Verdict } from './incident.ts';
import { maxQuietMs } from './operations.ts';
import type { OpenStandbyDown, Policy, State } from './state.ts';

/** A restart of the standby is not worth a message. */
const downForMs = 5_000;

/** The failover that one counts on would fail: the pool that is not active fails its checks while the active one is well. */
export function standbyTick(state: State, nowMs: number, verdicts: Verdict[], policy: Policy): void {
  const { flags, standby, gates } = state;
  // Nothing is known, so nothing has changed.
  if (flags === null) return;
  if (standby.open !== null) {
    const { pool } = standby.open.alert;
    if (flags[pool] === null) end(state, standby.open, 'healthy', nowMs, verdicts, policy);
    else if (flags.active === pool) end(state, standby.open, 'active', nowMs, verdicts, policy);
  }
  const pool = otherPool(flags.active);
  const flag = flags[pool];
  const activeIsWell = flags[flags.active] === null && state.outage.open === null;
  if (
    standby.open === null &&
    flag !== null &&
    activeIsWell &&
    nowMs - missedSince(state, pool, flag, nowMs) >= downForMs
  ) {
    const incident = beginIncident(state, flag.seenMs);
    const { cause } = flag;
    const alert: StandbyDown = {
      kind: 'standby-down',
      incident: incident.id,
      atMs: flag.seenMs,
      pool,
      active: flags.active,
      cause,
    };
    standby.open = { ...incident, alert };
  }
  const { open } = standby;
  if (open === null) return;
  const verdict = announce(gates, gateKey(open.alert.pool), open, () => open.alert, nowMs, policy);
  if (verdict !== undefined) verdicts.push(verdict);
}

/** While a deploy works on it, it is down on purpose. */
function missedSince({ operations }: State, pool: Pool, flag: DownFlag, nowMs: number): number {
  const quietMs = operations.quiet?.pool === pool ? operations.quiet.untilMs : 0;
  // So far ahead, the clock was set back.
  return quietMs - nowMs > maxQuietMs ? flag.seenMs : Math.max(flag.seenMs, quietMs);
}

function end(
  state: State,
  open: OpenStandbyDown,
  because: StandbyResolved['because'],
  nowMs: number,
  verdicts: Verdict[],
  policy: Policy,
): void {
  const { pool } = open.alert;
  state.standby.open = null;
  const alert: StandbyResolved = {
    kind: 'standby-resolved',
    incident: open.id,
    atMs: nowMs,
    pool,
    lastedMs: nowMs - open.atMs,
    because,
  };
  verdicts.push(conclude(state.gates, gateKey(pool), open, alert, policy));
}

function gateKey(pool: Pool): string {
  return `standby-down:${pool}`;
}
