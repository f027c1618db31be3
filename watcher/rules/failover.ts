import type { Pool } from '../../settings/pool.ts';
import type { Failover, Recovery } from '../alerts/alert.ts';
import type { AccessEvent } from '../request/event.ts';
import { maskedCause, routedAtMs, upstreamPath, wasRerouted } from '../request/observe.ts';
import { announceFlapping, failoverKey, flapped, flappedBack, settle } from './flapping.ts';
import { announce, beginIncident, conclude, type Verdict } from './incident.ts';
import type { OpenFailover, Policy, State } from './state.ts';
import { announceSwitch, isSwitchExpected, switchByFlag, switchByRequest } from './switch.ts';

/**
 * Two requests that were routed in one order can seem to have started in the other: nginx works with a clock that it sets
 * once a turn of its event loop. So close to a transition, a start alone shows nothing.
 */
const clockSlackMs = 100;
/** The same for a request that failed on the active pool: it is proof, unless it is as old as a clock can be wrong. */
const proofSlackMs = 20;
/** An answer that broke off so shortly before a failover has to do with it. */
const cutOffRecentMs = 2_000;

/** Failover, recovery and planned switch, by when requests started: the log is in order of their ends. */
export function routing(state: State, event: AccessEvent, verdicts: Verdict[], policy: Policy): void {
  const { routing } = state;
  if (event.pool !== undefined) routing.serving = event.pool;
  if (event.active === undefined) return;
  settle(state, event.endMs, verdicts, policy);
  if (routing.active === null && !isSwitchExpected(state, event.active)) {
    routing.active = event.active;
    routing.activeSinceMs = event.startMs;
  } else if (event.active !== routing.active) {
    // One that was still on its way under the colour before. Times are milliseconds: many can share one.
    if (event.startMs <= routing.activeSinceMs + clockSlackMs || event.startMs < routing.latestStartMs) return;
    switchByRequest(state, event, event.active, verdicts, policy);
  }
  if (event.startMs > routing.latestStartMs) routing.latestStartMs = event.startMs;

  if (event.cutOff && event.pool === event.active) routing.cutOffMs = event.endMs;
  if (wasRerouted(event)) rerouted(state, event, verdicts, policy);
  else if (routing.failover !== null) recover(state, event, routing.failover, verdicts, policy);
}

/** Tells what a cooldown held back and still holds. */
export function routingTick(state: State, nowMs: number, verdicts: Verdict[], policy: Policy): void {
  settle(state, nowMs, verdicts, policy);
  announceFlapping(state, nowMs, verdicts, policy);
  const { failover, flapping } = state.routing;
  const { gates } = state;
  if (failover !== null && flapping.open === null) {
    push(
      verdicts,
      announce(gates, failoverKey(failover.alert.from), failover, () => failover.alert, nowMs, policy),
    );
  }
  switchByFlag(state, nowMs, verdicts, policy);
  announceSwitch(state, nowMs, verdicts, policy);
}

function rerouted(state: State, event: AccessEvent, verdicts: Verdict[], policy: Policy): void {
  const { routing, gates } = state;
  const { active, pool } = event;
  if (active === undefined || pool === undefined) return;
  const open = routing.failover;
  if (open !== null) {
    open.served++;
    open.lastReroutedMs = Math.max(open.lastReroutedMs, routedAtMs(event));
    return;
  }
  // Without a failed attempt on the active pool, it was routed by a flag that may just have gone.
  const slackMs = event.attempts.length > 1 ? proofSlackMs : clockSlackMs;
  if (event.startMs <= routing.transitionMs + slackMs) return;
  const cause = causeOf(state, event, active);
  const flapping = flapped(state, event.startMs, active, pool, cause);
  const incident =
    flapping === null
      ? beginIncident(state, event.startMs)
      : { id: flapping.id, atMs: event.startMs, announced: false, held: false };
  const alert: Failover = {
    kind: 'failover',
    incident: incident.id,
    atMs: event.startMs,
    from: active,
    to: pool,
    release: event.release,
    upstream: upstreamPath(event),
    requestMs: event.endMs - event.startMs,
    ...(event.status >= 500 ? { failed: true } : {}),
    cause,
    request: event.ids,
  };
  const failover = { ...incident, alert, lastReroutedMs: routedAtMs(event), served: 1 };
  routing.failover = failover;
  routing.failovers[active]++;
  routing.transitionMs = event.startMs;
  if (flapping !== null) announceFlapping(state, event.endMs, verdicts, policy);
  else {
    push(
      verdicts,
      announce(gates, failoverKey(failover.alert.from), failover, () => alert, event.endMs, policy),
    );
  }
}

/** Why the active pool was left. An answer that broke off is not asked for again, so no attempt of this request shows it. */
function causeOf({ routing, flags }: State, event: AccessEvent, active: Pool): string | undefined {
  const flagCause = flags?.[active]?.cause;
  const cause = maskedCause(event) ?? (flagCause === undefined ? undefined : `health check: ${flagCause}`);
  if (Math.abs(event.endMs - routing.cutOffMs) > cutOffRecentMs || cause?.includes('cut off')) return cause;
  return cause === undefined ? 'answers cut off' : `answers cut off, ${cause}`;
}

function recover(state: State, event: AccessEvent, open: OpenFailover, verdicts: Verdict[], policy: Policy): void {
  const { routing } = state;
  if (event.pool === undefined || event.pool !== event.active || event.status >= 500) return;
  // The active pool as the last resort of a request that the standby failed is not a recovery.
  if (event.attempts.length > 1) return;
  if (event.startMs <= open.lastReroutedMs) return;
  routing.failover = null;
  routing.transitionMs = routedAtMs(event);
  if (flappedBack(state, { atMs: open.atMs, served: open.served, sent: open.announced }, event.startMs)) return;
  const alert: Recovery = {
    kind: 'recovery',
    incident: open.id,
    atMs: event.startMs,
    pool: event.pool,
    standby: open.alert.to,
    release: event.release,
    lastedMs: event.startMs - open.atMs,
    served: open.served,
  };
  push(verdicts, conclude(state.gates, failoverKey(open.alert.from), open, alert, policy));
}

function push(verdicts: Verdict[], verdict: Verdict | undefined): void {
  if (verdict !== undefined) verdicts.push(verdict);
}
