import type { Pool } from '../../settings/pool.ts';
import type { Failover, Recovery } from '../alerts/alert.ts';
import type { AccessEvent } from '../request/event.ts';
import {
  failedForVisitor,
  maskedCause,
  routedAtMs,
  upstreamPath,
  wasDiverted,
  wasRerouted,
} from '../request/observe.ts';
import { announceFlapping, countFailover, countRecovery, failoverKey, settle } from './flapping.ts';
import { announce, beginIncident, conclude, push, type Verdict } from './incident.ts';
import type { OpenFailover, Policy, State } from './state.ts';
import { announceSwitch, isSwitchExpected, switchByFlag, switchByRequest } from './switch.ts';

/**
 * Two requests can appear to have started in the opposite order to that in which they were routed, because nginx updates its
 * clock once per turn of its event loop. This close to a transition, a start time alone proves nothing.
 */
const clockSlackMs = 100;
/** The same for a request that failed on the active pool. It proves a failover unless the clock error can explain its start. */
const proofSlackMs = 20;
/** An answer that was cut off this shortly before a failover is part of its cause. */
const cutOffRecentMs = 2_000;

/** Detects failovers, recoveries and planned switches by when requests started, as the log is ordered by when they ended. */
export function routing(state: State, event: AccessEvent, verdicts: Verdict[], policy: Policy): void {
  const { routing } = state;
  if (event.pool !== undefined) routing.serving = event.pool;
  if (event.active === undefined) return;
  settle(state, event.endMs, verdicts, policy);
  if (routing.active === null && !isSwitchExpected(state, event.active)) {
    routing.active = event.active;
    routing.activeSinceMs = event.startMs;
  } else if (event.active !== routing.active) {
    // The request was already in flight before the switch. Times are in milliseconds, so several requests can share one.
    if (event.startMs <= routing.activeSinceMs + clockSlackMs || event.startMs < routing.latestStartMs) return;
    switchByRequest(state, event, event.active, verdicts, policy);
  }
  if (event.startMs > routing.latestStartMs) routing.latestStartMs = event.startMs;

  if (event.cutOff && event.pool === event.active) routing.cutOffMs = event.endMs;
  if (wasRerouted(event)) rerouted(state, event, verdicts, policy);
  else if (routing.failover !== null) recover(state, event, routing.failover, verdicts, policy);
}

/** Sends alerts that a cooldown held back, if their condition still holds. */
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
  // With a living prober, a request that fails on the active pool moves itself alone.
  if (state.flags?.guarded && !wasDiverted(event)) return;
  // Without a failed attempt on the active pool, the request was routed by a flag that may just have been removed.
  const slackMs = event.attempts.length > 1 ? proofSlackMs : clockSlackMs;
  if (event.startMs <= routing.transitionMs + slackMs) return;
  const cause = causeOf(state, event, active);
  const flapping = countFailover(state, event.startMs, active, pool, cause);
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
    ...(failedForVisitor(event) ? { failed: true } : {}),
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

/** Why the active pool failed. An answer that is cut off is not retried, so no attempt of the rerouted request shows it. */
function causeOf({ routing, flags }: State, event: AccessEvent, active: Pool): string | undefined {
  const flagCause = flags?.[active]?.cause;
  const cause = maskedCause(event) ?? (flagCause === undefined ? undefined : `health check: ${flagCause}`);
  if (Math.abs(event.endMs - routing.cutOffMs) > cutOffRecentMs || cause?.includes('cut off')) return cause;
  return cause === undefined ? 'answers cut off' : `answers cut off, ${cause}`;
}

function recover(state: State, event: AccessEvent, open: OpenFailover, verdicts: Verdict[], policy: Policy): void {
  const { routing } = state;
  if (event.pool === undefined || event.pool !== event.active || failedForVisitor(event)) return;
  // If the standby failed the request and the active pool answered as a last resort, it has not recovered.
  if (event.attempts.length > 1) return;
  if (event.startMs <= open.lastReroutedMs) return;
  routing.failover = null;
  routing.transitionMs = routedAtMs(event);
  if (countRecovery(state, { atMs: open.atMs, served: open.served, sent: open.announced }, event.startMs)) return;
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
