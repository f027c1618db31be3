import type { Pool } from '../../settings/pool.ts';
import type { Flapping, FlappingResolved } from '../alerts/alert.ts';
import { announce, beginIncident, conclude, forgetHeldBack, type Verdict } from './incident.ts';
import type { OpenFlapping, PastFailover, Policy, State } from './state.ts';

/** A pool has stopped flapping once it has not failed over or recovered for this long. */
export const stableForMs = 5 * 60_000;
/*
 * A pool that goes up and down every few seconds is one incident, not twenty alerts. The third failover within five minutes is
 * sent as flapping, once. From then on failovers and recoveries are counted but not sent, until nothing has changed for five
 * minutes; then one alert gives the totals. The first two failovers and their recoveries are sent as usual, as nothing shows
 * yet that the pool is flapping. A planned switch ends the incident.
 */
const failoversForFlapping = 3;
const withinMs = 5 * 60_000;

/**
 * Counts the beginning of a failover.
 * @returns the flapping incident that the failover belongs to, which may begin with it; null if the pool is not flapping
 */
export function countFailover(
  state: State,
  atMs: number,
  pool: Pool,
  standby: Pool,
  cause?: string,
): OpenFlapping | null {
  const { flapping } = state.routing;
  if (flapping.open !== null) {
    flapping.open.failovers++;
    flapping.open.changedMs = atMs;
    return flapping.open;
  }
  const recent = flapping.recent.filter((past) => atMs - past.atMs <= withinMs);
  flapping.recent = recent;
  const [first] = recent;
  if (first === undefined || recent.length + 1 < failoversForFlapping) return null;
  flapping.open = {
    ...beginIncident(state, atMs),
    pool,
    standby,
    cause,
    firstMs: first.atMs,
    failovers: recent.length + 1,
    served: recent.reduce((sum, past) => sum + past.served, 0),
    heldBackCount: recent.filter((past) => !past.sent).length,
    changedMs: atMs,
  };
  flapping.recent = [];
  return flapping.open;
}

/**
 * Counts the recovery from a failover.
 * @returns whether the failover belongs to a flapping incident, whose alert covers it
 */
export function countRecovery(state: State, failover: PastFailover, atMs: number): boolean {
  const { flapping } = state.routing;
  const { open } = flapping;
  if (open === null) {
    flapping.recent = [...flapping.recent, failover].slice(1 - failoversForFlapping);
    return false;
  }
  open.served += failover.served;
  open.changedMs = atMs;
  return true;
}

/** Sends the alert of an open flapping incident if it has not been sent and nothing holds it back. */
export function announceFlapping(state: State, nowMs: number, verdicts: Verdict[], policy: Policy): void {
  const { open } = state.routing.flapping;
  if (open === null) return;
  const { pool, standby, failovers, cause } = open;
  const describe = (): Flapping => ({
    kind: 'flapping',
    incident: open.id,
    atMs: open.atMs,
    pool,
    standby,
    failovers,
    lastedMs: open.changedMs - open.firstMs,
    cause,
  });
  const verdict = announce(state.gates, flappingKey(pool), open, describe, nowMs, policy);
  if (verdict === undefined) return;
  if (verdict.fate === 'send') forgetHeldBack(state.gates, failoverKey(pool), open.heldBackCount);
  verdicts.push(verdict);
}

/** Ends a flapping incident once nothing has changed for {@link stableForMs}. */
export function settle(state: State, nowMs: number, verdicts: Verdict[], policy: Policy): void {
  const { flapping, failover } = state.routing;
  const { open } = flapping;
  if (open === null || nowMs - open.changedMs < stableForMs) return;
  flapping.open = null;
  const alert: FlappingResolved = {
    kind: 'flapping-resolved',
    incident: open.id,
    atMs: nowMs,
    pool: open.pool,
    standby: open.standby,
    failovers: open.failovers,
    served: open.served + (failover?.served ?? 0),
    lastedMs: open.changedMs - open.firstMs,
    stableMs: nowMs - open.changedMs,
    serving: failover === null ? open.pool : open.standby,
  };
  // The pool has settled on the standby. The alert says so, and the recovery is sent later.
  if (failover !== null) failover.announced = open.announced;
  verdicts.push(conclude(state.gates, flappingKey(open.pool), open, alert, policy));
}

export function failoverKey(pool: Pool): string {
  return `failover:${pool}`;
}

export function flappingKey(pool: Pool): string {
  return `flapping:${pool}`;
}
