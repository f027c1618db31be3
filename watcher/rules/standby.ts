import { otherPool, type Pool } from '../../settings/pool.ts';
import type { StandbyDown, StandbyResolved } from '../alerts/alert.ts';
import type { DownFlag } from '../control/flags.ts';
import { announce, beginIncident, conclude, push, type Verdict } from './incident.ts';
import { maxDowntimeMs } from './operations.ts';
import type { OpenStandbyDown, Policy, State } from './state.ts';

/** A shorter downtime, such as a restart of the standby, is not worth an alert. */
const downForMs = 5_000;

/** Alerts when the standby fails its health checks while the active pool is healthy: a failover would not work. */
export function standbyTick(state: State, nowMs: number, verdicts: Verdict[], policy: Policy): void {
  const { flags, standby, gates } = state;
  // The flags are not known, so nothing has changed.
  if (flags === null) return;
  if (standby.open !== null) {
    const { pool } = standby.open.alert;
    if (flags[pool] === null) end(state, standby.open, 'healthy', nowMs, verdicts, policy);
    else if (flags.active === pool) end(state, standby.open, 'active', nowMs, verdicts, policy);
  }
  const pool = otherPool(flags.active);
  const flag = flags[pool];
  const isActiveHealthy = flags[flags.active] === null && state.outage.open === null;
  if (
    standby.open === null &&
    flag !== null &&
    isActiveHealthy &&
    nowMs - missingSince(state, pool, flag, nowMs) >= downForMs
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
  push(verdicts, verdict);
}

/** Since when the standby has been down unexpectedly: during a deploy to it, it is down on purpose. */
function missingSince({ operations }: State, pool: Pool, flag: DownFlag, nowMs: number): number {
  const excusedUntilMs = operations.downtime?.pool === pool ? operations.downtime.untilMs : 0;
  // An end this far ahead means that the clock was set back.
  return excusedUntilMs - nowMs > maxDowntimeMs ? flag.seenMs : Math.max(flag.seenMs, excusedUntilMs);
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
