import type { AccessEvent } from './access-event.ts';
import { burnRate, burnRateTick } from './burn-rate.ts';
import { errorRate, errorRateTick } from './error-rate.ts';
import type { DownFlags } from './flags.ts';
import type { Verdict } from './incident.ts';
import { outage, outageTick } from './outage.ts';
import { standbyTick } from './standby.ts';
import type { Policy, State } from './state.ts';
import { traffic, trafficTick } from './traffic.ts';

/** Further ahead of the clock than this, the state's times are from before the clock was set back. */
const clockSlackMs = 10_000;

/**
 * What follows from one request. Depends on its arguments alone and does nothing but change `state`, at hundreds of
 * thousands of events a second; time is the log's.
 */
export function decideRequest(state: State, event: AccessEvent, policy: Policy): readonly Verdict[] {
  const verdicts: Verdict[] = [];
  traffic(state, event, verdicts, policy);
  outage(state, event, verdicts, policy);
  errorRate(state, event, verdicts, policy);
  burnRate(state, event, verdicts, policy);
  return verdicts;
}

/** What follows from the passing of time, and from what the control directory says now (null: nothing is known). */
export function decideTick(state: State, flags: DownFlags | null, nowMs: number, policy: Policy): readonly Verdict[] {
  const verdicts: Verdict[] = [];
  state.flags = flags;
  followClock(state, nowMs);
  trafficTick(state, nowMs, verdicts, policy);
  outageTick(state, nowMs, verdicts, policy);
  standbyTick(state, nowMs, verdicts, policy);
  errorRateTick(state, nowMs, verdicts, policy);
  burnRateTick(state, nowMs, verdicts, policy);
  return verdicts;
}

/**
 * Times of a clock that was then set back would make every new request look as if it had begun before the last
 * transition, and change nothing for as long as the clock was set back.
 */
function followClock(state: State, nowMs: number): void {
  const { traffic, outage } = state;
  if (traffic.latestStartMs <= nowMs + clockSlackMs) return;
  traffic.latestStartMs = nowMs;
  traffic.activeSinceMs = Math.min(traffic.activeSinceMs, nowMs);
  traffic.transitionMs = Math.min(traffic.transitionMs, nowMs);
  if (traffic.failover !== null) traffic.failover.lastReroutedMs = Math.min(traffic.failover.lastReroutedMs, nowMs);
  const { flapping } = traffic;
  if (flapping.open !== null) flapping.open.changedMs = Math.min(flapping.open.changedMs, nowMs);
  flapping.recent = flapping.recent.map((past) => ({ ...past, atMs: Math.min(past.atMs, nowMs) }));
  outage.lastServedMs = Math.min(outage.lastServedMs, nowMs);
  outage.firstUnservedMs = Math.min(outage.firstUnservedMs, nowMs);
  outage.lastUnservedMs = Math.min(outage.lastUnservedMs, nowMs);
}
