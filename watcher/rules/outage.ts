import type { Pool } from '../../settings/pool.ts';
import type { Outage, OutageResolved } from '../alerts/alert.ts';
import type { AccessEvent } from '../request/event.ts';
import { failedForVisitor, upstreamPath, wasServed, wasUnserved } from '../request/observe.ts';
import { announce, beginIncident, conclude, escalate, push, type Verdict } from './incident.ts';
import type { OpenOutage, OutageState, Policy, State } from './state.ts';

/** This many consecutive requests that no pool could serve are an outage … */
const unservedForOutage = 3;
/**
 * … and both pools failing their health checks for this long may be one, unless a request is served: the edge still tries
 * both pools. A request that fails on both confirms the outage.
 */
const bothDownForMs = 2_000;

export function outage(state: State, event: AccessEvent, verdicts: Verdict[], policy: Policy): void {
  const { outage } = state;
  if (showsOutage(outage, event)) {
    if (event.startMs <= outage.lastServedMs) {
      if (outage.open !== null) outage.open.unserved++;
      return;
    }
    if (outage.unservedInRow === 0) outage.firstUnservedMs = event.startMs;
    outage.unservedInRow++;
    outage.lastUnservedMs = Math.max(outage.lastUnservedMs, event.startMs);
    const { open } = outage;
    if (open !== null) {
      open.unserved++;
      if (open.alert.shownBy === 'health-checks') open.alert = confirmed(state, open, event);
    } else if (outage.unservedInRow >= unservedForOutage) {
      begin(state, 'requests', outage.firstUnservedMs, event);
    }
    announceOutage(state, event.endMs, verdicts, policy);
    return;
  }
  if (!wasServed(event)) return;
  outage.lastServedMs = Math.max(outage.lastServedMs, event.startMs);
  // A request that began before the first failed one says nothing about the time since.
  if (event.startMs >= outage.firstUnservedMs) outage.unservedInRow = 0;
  if (outage.bothDownSinceMs !== null && event.startMs > outage.bothDownSinceMs) outage.checksDisproved = true;
  const { open } = outage;
  if (open === null || event.startMs <= Math.max(open.atMs, outage.lastUnservedMs)) return;
  end(state, open, event.startMs, event.pool, verdicts, policy);
}

export function outageTick(state: State, nowMs: number, verdicts: Verdict[], policy: Policy): void {
  const { outage, flags } = state;
  const bothDown = flags !== null && flags.blue !== null && flags.green !== null;
  if (bothDown) {
    outage.bothDownSinceMs ??= nowMs;
    const since = outage.bothDownSinceMs;
    if (outage.open === null && !outage.checksDisproved && nowMs - since >= bothDownForMs) {
      begin(state, outage.unservedInRow > 0 ? 'requests' : 'health-checks', since);
    }
  } else {
    outage.bothDownSinceMs = null;
    outage.checksDisproved = false;
    const { open } = outage;
    // Requests that still fail outweigh a health check that passes.
    if (open?.alert.shownBy === 'health-checks' && outage.unservedInRow === 0) {
      const up = flags === null ? undefined : flags.blue === null ? 'blue' : 'green';
      end(state, open, nowMs, up, verdicts, policy);
    }
  }
  announceOutage(state, nowMs, verdicts, policy);
}

/** No pool could serve the request. While both pools fail their health checks, an error answered by a pool counts too. */
function showsOutage({ bothDownSinceMs, checksDisproved }: OutageState, event: AccessEvent): boolean {
  if (wasUnserved(event)) return true;
  return bothDownSinceMs !== null && !checksDisproved && failedForVisitor(event) && event.attempts.length > 0;
}

function begin(state: State, shownBy: Outage['shownBy'], atMs: number, event?: AccessEvent): void {
  const incident = beginIncident(state, atMs);
  const alert = alertOf(state, incident.id, shownBy, atMs, event);
  state.outage.open = { ...incident, alert, unserved: state.outage.unservedInRow };
}

/** The alert after a request has shown an outage that only the health checks had shown. */
function confirmed(state: State, { id, announced }: OpenOutage, event: AccessEvent): Outage {
  const alert = alertOf(state, id, 'requests', event.startMs, event);
  return announced ? { ...alert, escalated: true } : alert;
}

function alertOf(
  { flags }: State,
  incident: string,
  shownBy: Outage['shownBy'],
  atMs: number,
  event?: AccessEvent,
): Outage {
  const blue = flags?.blue?.cause;
  const green = flags?.green?.cause;
  return {
    kind: 'outage',
    incident,
    atMs,
    shownBy,
    causes: { blue, green },
    upstream: event && upstreamPath(event),
    request: event?.ids,
  };
}

/** Sends the alert of an open outage if it has not been sent, and again once the outage is confirmed. */
function announceOutage({ gates, outage }: State, nowMs: number, verdicts: Verdict[], policy: Policy): void {
  const { open } = outage;
  if (open === null) return;
  const { alert } = open;
  const send = alert.escalated ? escalate : announce;
  const verdict = send(gates, gateKey(alert), open, () => alert, nowMs, policy);
  push(verdicts, verdict);
}

/** The cooldown after an unconfirmed outage does not hold back a confirmed one. */
function gateKey({ shownBy }: Outage): string {
  return shownBy === 'requests' ? 'outage' : 'outage:health-checks';
}

function end(
  state: State,
  open: OpenOutage,
  atMs: number,
  pool: Pool | undefined,
  verdicts: Verdict[],
  policy: Policy,
): void {
  const alert: OutageResolved = {
    kind: 'outage-resolved',
    incident: open.id,
    atMs,
    pool,
    lastedMs: atMs - open.atMs,
    unserved: open.unserved,
  };
  state.outage.open = null;
  verdicts.push(conclude(state.gates, gateKey(open.alert), open, alert, policy));
}
