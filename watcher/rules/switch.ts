import type { SwitchRecord } from '../../journal/record.ts';
import { otherPool, type Pool } from '../../settings/pool.ts';
import type { Operation, Switch } from '../alerts/alert.ts';
import type { AccessEvent } from '../request/event.ts';
import { failoverKey, flappingKey } from './flapping.ts';
import { announce, beginIncident, countHeldBack, push, type Verdict } from './incident.ts';
import type { OpenSwitch, Policy, State } from './state.ts';

/** How long to wait for a request to show a switch. After that the flag is enough, as there may be no visitors. */
const shownByFlagAfterMs = 2_000;
/** A switch that nothing has shown by then was not made. */
const forgottenAfterMs = 5 * 60_000;
const maxExpected = 20;

export function expectSwitch(state: State, record: SwitchRecord, nowMs: number): void {
  if (record.from === record.to) return;
  const { operations } = state;
  operations.expected = [...operations.expected, { record, seenMs: nowMs }].slice(-maxExpected);
}

/** Whether the journal announces a switch to this pool. */
export function isSwitchExpected({ operations }: State, to: Pool): boolean {
  return operations.expected.some(({ record }) => record.to === to);
}

/** Handles a request that shows a new active pool. */
export function switchByRequest(state: State, event: AccessEvent, to: Pool, verdicts: Verdict[], policy: Policy): void {
  const { active } = state.routing;
  const records = takeExpected(state, active, to);
  const last = records.pop();
  for (const record of records) switchTo(state, record, changeBy(record, event.endMs), verdicts, policy);
  const release = event.pool === to ? event.release : undefined;
  const change = { from: active ?? otherPool(to), to, atMs: event.startMs, nowMs: event.endMs, release };
  switchTo(state, last, change, verdicts, policy);
  // A request whose headers came late appears to have begun before others that were routed before the switch.
  if (last !== undefined) state.routing.activeSinceMs = Math.max(event.startMs, last.atMs);
}

/** Handles switches in the journal that no request has shown, once the flag shows them. */
export function switchByFlag(state: State, nowMs: number, verdicts: Verdict[], policy: Policy): void {
  const { operations, flags } = state;
  if (operations.expected.length === 0) return;
  const last = operations.expected.at(-1);
  // Absolute, as the clock can be set back.
  if (last?.record.to === flags?.active && Math.abs(nowMs - (last?.seenMs ?? 0)) >= shownByFlagAfterMs) {
    switchAsExpected(state, flags?.active, nowMs, verdicts, policy);
  }
  operations.expected = operations.expected.filter(({ seenMs }) => Math.abs(nowMs - seenMs) < forgottenAfterMs);
}

/** Makes the switches to this pool that are in the journal, which are known to have happened. */
export function switchAsExpected(
  state: State,
  to: Pool | undefined,
  nowMs: number,
  verdicts: Verdict[],
  policy: Policy,
): void {
  for (const record of takeExpected(state, state.routing.active, to)) {
    switchTo(state, record, changeBy(record, nowMs), verdicts, policy);
    // Requests that were in flight at the switch began before now.
    state.routing.activeSinceMs = nowMs;
  }
}

/** Sends the alert of a switch that a cooldown held back. */
export function announceSwitch(state: State, nowMs: number, verdicts: Verdict[], policy: Policy): void {
  const { switched } = state.routing;
  if (switched === null) return;
  const verdict = announce(state.gates, switchKey(switched), switched, () => switched.alert, nowMs, policy);
  push(verdicts, verdict);
}

/** Takes the records that lead to this pool, oldest first, without switches that were never made. */
function takeExpected(state: State, active: Pool | null, to: Pool | undefined): SwitchRecord[] {
  const { operations } = state;
  const { expected } = operations;
  let index = expected.findIndex(({ record }) => record.to === to);
  if (index < 0) return [];
  // The first attempt had no effect, and the switch was tried again.
  while (expected[index + 1]?.record.to === to) index++;
  const chain: SwitchRecord[] = [];
  for (const { record } of expected.slice(0, index + 1).reverse()) {
    if (chain[0] === undefined || record.to === chain[0].from) chain.unshift(record);
  }
  operations.expected = expected.slice(index + 1);
  const first = active === null ? 0 : chain.findIndex(({ from }) => from === active);
  return first < 0 ? [] : chain.slice(first);
}

interface Change {
  readonly from: Pool;
  readonly to: Pool;
  readonly atMs: number;
  readonly nowMs: number;
  readonly release?: string | undefined;
}

function changeBy({ from, to, atMs, release }: SwitchRecord, nowMs: number): Change {
  return { from, to, atMs, nowMs, release };
}

function switchTo(
  state: State,
  record: SwitchRecord | undefined,
  { from, to, atMs, nowMs, release }: Change,
  verdicts: Verdict[],
  policy: Policy,
): void {
  const { routing, gates } = state;
  const before = routing.switched;
  if (before !== null && !before.announced) countHeldBack(gates, switchKey(before), before);
  const ended = endIncident(state, atMs);
  const begun = beginIncident(state, atMs);
  const incident = record?.deploy === undefined ? begun : { ...begun, id: record.deploy };
  const running = record?.release ?? release;
  const alert: Switch = {
    kind: 'switch',
    incident: incident.id,
    atMs,
    from,
    to,
    release: running,
    ended,
    operation: record && operationOf(record),
  };
  state.operations.stillActive = null;
  routing.active = to;
  routing.switches[to]++;
  routing.activeSinceMs = atMs;
  routing.transitionMs = Math.min(routing.transitionMs, atMs - 1);
  routing.switched = { ...incident, alert };
  const { switched } = routing;
  const ignoresCooldown = ended !== undefined || (record !== undefined && record.reason !== 'switch');
  const verdict = announce(gates, switchKey(switched), switched, () => alert, nowMs, policy, ignoresCooldown);
  push(verdicts, verdict);
}

/** Ends the open failover or flapping incident. Returns undefined if there is none, or if its alert was not sent. */
function endIncident({ routing, gates }: State, atMs: number): Switch['ended'] {
  const { failover, flapping } = routing;
  const { open } = flapping;
  routing.failover = null;
  flapping.open = null;
  flapping.recent = [];
  if (open !== null) {
    if (!open.announced) countHeldBack(gates, flappingKey(open.pool), open);
    const served = open.served + (failover?.served ?? 0);
    const { id, firstMs, failovers } = open;
    return open.announced ? { incident: id, lastedMs: atMs - firstMs, served, failovers } : undefined;
  }
  if (failover === null) return undefined;
  if (!failover.announced) countHeldBack(gates, failoverKey(failover.alert.from), failover);
  const { id, atMs: beganMs, served } = failover;
  return failover.announced ? { incident: id, lastedMs: atMs - beganMs, served } : undefined;
}

function operationOf({ reason, actor, deploy, release, replaced, why, bake }: SwitchRecord): Operation {
  return {
    reason,
    actor,
    deploy,
    release,
    replaced,
    why,
    bake,
  };
}

function switchKey(switched: OpenSwitch): string {
  return `switch:${switched.alert.to}`;
}
