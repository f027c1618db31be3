import type { JournalRecord } from '../../journal/record.ts';
import type { KnownCertificates } from '../control/certificates.ts';
import type { DownFlags } from '../control/flags.ts';
import type { AccessEvent } from '../request/event.ts';
import { burnRate, burnRateTick } from './burn-rate.ts';
import { certificatesTick } from './certificates.ts';
import { errorRate, errorRateTick } from './error-rate.ts';
import { routing, routingTick } from './failover.ts';
import type { Verdict } from './incident.ts';
import { muteTick, policyNow, withMuted } from './mute.ts';
import { applyRecord, countMaintenanceAnswer, operationsTick } from './operations.ts';
import { outage, outageTick } from './outage.ts';
import { overloadTick } from './overload.ts';
import { standbyTick } from './standby.ts';
import type { Policy, State } from './state.ts';
import { switchByFlag } from './switch.ts';

/** If the state's times are further ahead of the clock than this, the clock was set back. */
const clockSlackMs = 10_000;
const nothing: readonly Verdict[] = [];

/**
 * Decides which alerts follow from one request. Pure except that it updates `state`; takes time from the log. Handles hundreds
 * of thousands of events per second.
 */
export function decideRequest(state: State, event: AccessEvent, policy: Policy): readonly Verdict[] {
  // Preview requests come from developers and say nothing about what visitors get.
  if (event.route === 'preview') return nothing;
  const verdicts: Verdict[] = [];
  const rules = policyNow(state, policy);
  // A canary request goes to the standby on purpose.
  if (event.route === 'public') routing(state, event, verdicts, rules);
  outage(state, event, verdicts, rules);
  errorRate(state, event, verdicts, rules);
  burnRate(state, event, verdicts, rules);
  countMaintenanceAnswer(state, event);
  return withMuted(state, verdicts);
}

/**
 * Decides which alerts follow from the passing of time and from the flags in the control directory.
 * @param flags null if the control directory cannot be read
 */
export function decideTick(state: State, flags: DownFlags | null, nowMs: number, policy: Policy): readonly Verdict[] {
  const verdicts: Verdict[] = [];
  state.flags = flags;
  followClock(state, nowMs);
  const muteVerdicts = muteTick(state, nowMs, policy);
  const rules = policyNow(state, policy);
  routingTick(state, nowMs, verdicts, rules);
  outageTick(state, nowMs, verdicts, rules);
  standbyTick(state, nowMs, verdicts, rules);
  overloadTick(state, nowMs, verdicts, rules);
  errorRateTick(state, nowMs, verdicts, rules);
  burnRateTick(state, nowMs, verdicts, rules);
  operationsTick(state, nowMs, verdicts, rules);
  return [...muteVerdicts, ...withMuted(state, verdicts)];
}

/**
 * Decides which alerts follow from the state of the certificates. Only the present counts: the log has no news of them, so a
 * replay of it cannot know whether they were renewed.
 */
export function decideCertificates(
  state: State,
  known: KnownCertificates,
  nowMs: number,
  policy: Policy,
): readonly Verdict[] {
  const verdicts: Verdict[] = [];
  certificatesTick(state, known, nowMs, verdicts, policyNow(state, policy));
  return withMuted(state, verdicts);
}

/** Decides which alerts follow from a journal record. */
export function decideRecord(state: State, record: JournalRecord, nowMs: number, policy: Policy): readonly Verdict[] {
  const verdicts: Verdict[] = [];
  applyRecord(state, record, nowMs, verdicts, policyNow(state, policy));
  return withMuted(state, verdicts);
}

/** Decides on switches that only the flags show, once everything that was missed has been read. */
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
 * Limits the state's times to now. After the clock is set back, later times would make every new request look older than the
 * last transition, so nothing would change until the clock had caught up.
 */
function followClock(state: State, nowMs: number): void {
  const { routing, outage, errorRate } = state;
  // These can be later than the last request.
  const latestMs = nowMs + clockSlackMs;
  if (outage.bothDownSinceMs !== null && outage.bothDownSinceMs > latestMs) outage.bothDownSinceMs = nowMs;
  if (outage.open !== null && outage.open.atMs > latestMs) outage.open = { ...outage.open, atMs: nowMs };
  if (errorRate.calmSinceMs !== null && errorRate.calmSinceMs > latestMs) errorRate.calmSinceMs = nowMs;
  if (routing.latestStartMs <= latestMs) return;
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
