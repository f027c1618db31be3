import type { Pool } from '../../settings/pool.ts';
import type { Outage, OutageResolved } from '../alerts/alert.ts';
import type { AccessEvent } from '../request/event.ts';
import { upstreamPath, wasServed, wasUnserved } from '../request/observe.ts';
import { announce, beginIncident, conclude, escalate, type Verdict } from './incident.ts';
import type { OpenOutage, OutageState, Policy, State } from './state.ts';

/** So many requests in a row that no pool could serve are an outage … */
const unservedForOutage = 3;
/**
 * … and both pools failing their checks for this long may be one, while no request proves the contrary: the edge goes on
 * trying them. A request that fails on both makes it sure.
 */
const bothDownForMs = 2_000;

export function outage(state: State, event: AccessEvent, verdicts: Verdict[], policy: Policy): void {
  const { outage } = state;
  if (wasRefused(outage, event)) {
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
  // One that was on its way before the first that failed says nothing about now.
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
    // Requests that go on failing outweigh a check that is passed.
    if (open?.alert.shownBy === 'health-checks' && outage.unservedInRow === 0) {
      const up = flags === null ? undefined : flags.blue === null ? 'blue' : 'green';
      end(state, open, nowMs, up, verdicts, policy);
    }
  }
  announceOutage(state, nowMs, verdicts, policy);
}

/** No pool could serve it. While both fail their checks, an error that a pool answers with shows it as well. */
function wasRefused({ bothDownSinceMs, checksDisproved }: OutageState, event: AccessEvent): boolean {
  if (wasUnserved(event)) return true;
  return bothDownSinceMs !== null && !checksDisproved && event.status >= 500 && event.attempts.length > 0;
}

function begin(state: State, shownBy: Outage['shownBy'], atMs: number, event?: AccessEvent): void {
  const incident = beginIncident(state, atMs);
  const alert = alertOf(state, incident.id, shownBy, atMs, event);
  state.outage.open = { ...incident, alert, unserved: state.outage.unservedInRow };
}

/** A request has shown what only the health checks had until then. */
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

/** Tells what is open and has not been told, and once more when it has become sure. */
function announceOutage({ gates, outage }: State, nowMs: number, verdicts: Verdict[], policy: Policy): void {
  const { open } = outage;
  if (open === null) return;
  const { alert } = open;
  const send = alert.escalated ? escalate : announce;
  const verdict = send(gates, gateKey(alert), open, () => alert, nowMs, policy);
  if (verdict !== undefined) verdicts.push(verdict);
}

/** One that was only feared does not keep a sure one quiet. */
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
