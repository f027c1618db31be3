import type { JournalRecord } from '../../journal/record.ts';
import type { DownFlags } from '../control/flags.ts';
import type { AccessEvent } from '../request/event.ts';
import { burnRate, burnRateTick } from './burn-rate.ts';
import { errorRate, errorRateTick } from './error-rate.ts';
import { routing, routingTick } from './failover.ts';
import type { Verdict } from './incident.ts';
import { muteTick, policyNow, withMuted } from './mute.ts';
import { countMaintenanceAnswer, operate, operationsTick } from './operations.ts';
import { outage, outageTick } from './outage.ts';
import { standbyTick } from './standby.ts';
import type { Policy, State } from './state.ts';
import { switchByFlag } from './switch.ts';

/** Further ahead of the clock than this, the state's times are from before the clock was set back. */
const clockSlackMs = 10_000;
const nothing: readonly Verdict[] = [];

/**
 * What follows from one request. Depends on its arguments alone and does nothing but change `state`, at hundreds of
 * thousands of events a second; time is the log's.
 */
export function decideRequest(state: State, event: AccessEvent, policy: Policy): readonly Verdict[] {
  // What a developer looks at before visitors do says nothing about them.
  if (event.route === 'preview') return nothing;
  const verdicts: Verdict[] = [];
  const rules = policyNow(state, policy);
  // A canary is sent to the other pool on purpose.
  if (event.route === 'public') routing(state, event, verdicts, rules);
  outage(state, event, verdicts, rules);
  errorRate(state, event, verdicts, rules);
  burnRate(state, event, verdicts, rules);
  countMaintenanceAnswer(state, event);
  return withMuted(state, verdicts);
}

/** What follows from the passing of time, and from what the control directory says now (null: nothing is known). */
export function decideTick(state: State, flags: DownFlags | null, nowMs: number, policy: Policy): readonly Verdict[] {
  const verdicts: Verdict[] = [];
  state.flags = flags;
  followClock(state, nowMs);
  const about = muteTick(state, nowMs, policy);
  const rules = policyNow(state, policy);
  routingTick(state, nowMs, verdicts, rules);
  outageTick(state, nowMs, verdicts, rules);
  standbyTick(state, nowMs, verdicts, rules);
  errorRateTick(state, nowMs, verdicts, rules);
  burnRateTick(state, nowMs, verdicts, rules);
  operationsTick(state, nowMs, verdicts, rules);
  return [...about, ...withMuted(state, verdicts)];
}

/** What follows from a record of the journal. */
export function decideRecord(state: State, record: JournalRecord, nowMs: number, policy: Policy): readonly Verdict[] {
  const verdicts: Verdict[] = [];
  operate(state, record, nowMs, verdicts, policyNow(state, policy));
  return withMuted(state, verdicts);
}

/** What the control directory shows of it at once, when all that was missed is known. */
export function decideSwitches(
  state: State,
  flags: DownFlags | null,
  nowMs: number,
  policy: Policy,
): readonly Verdict[] {
  const verdicts: Verdict[] = [];
  state.flags = flags;
  switchByFlag(state, nowMs, verdicts, policyNow(state, policy));
  return withMuted(state, verdicts);
}

/**
 * Times of a clock that was then set back would make every new request look as if it had begun before the last
 * transition, and change nothing for as long as the clock was set back.
 */
function followClock(state: State, nowMs: number): void {
  const { routing, outage } = state;
  if (routing.latestStartMs <= nowMs + clockSlackMs) return;
  routing.latestStartMs = nowMs;
  routing.activeSinceMs = Math.min(routing.activeSinceMs, nowMs);
  routing.transitionMs = Math.min(routing.transitionMs, nowMs);
  if (routing.failover !== null) routing.failover.lastReroutedMs = Math.min(routing.failover.lastReroutedMs, nowMs);
  const { flapping } = routing;
  if (flapping.open !== null) flapping.open.changedMs = Math.min(flapping.open.changedMs, nowMs);
  flapping.recent = flapping.recent.map((past) => ({ ...past, atMs: Math.min(past.atMs, nowMs) }));
  outage.lastServedMs = Math.min(outage.lastServedMs, nowMs);
  outage.firstUnservedMs = Math.min(outage.firstUnservedMs, nowMs);
  outage.lastUnservedMs = Math.min(outage.lastUnservedMs, nowMs);
}
