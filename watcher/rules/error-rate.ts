import type { ErrorRate, ErrorRateResolved } from '../alerts/alert.ts';
import type { AccessEvent } from '../request/event.ts';
import { failedForVisitor, failedOnBoth, failedUpstream, failureCause, pathOf } from '../request/observe.ts';
import { announce, beginIncident, conclude, escalate, type Incident, push, type Verdict } from './incident.ts';
import type { ErrorRateState, OpenErrorRate, Policy, State } from './state.ts';
import { addSample, ageOut, failedPercent, oldestMs, type Window, worstPaths } from './window.ts';

/** With fewer requests, the rate is not meaningful. */
const minSamples = 50;
/** Resolved at or below this share of the threshold, so that a rate close to it does not flap … */
const resolveShare = 0.5;
/** … and only after it has stayed there this long. */
const calmForMs = 30_000;
const gateKey = 'error-rate';

/** The share of recent requests in which any attempt failed, masked failures included. */
export function errorRate(state: State, event: AccessEvent, verdicts: Verdict[], policy: Policy): void {
  if (event.attempts.length === 0) return;
  const { window, open } = state.errorRate;
  const failed = failedUpstream(event);
  addSample(window, event.endMs, failed ? pathOf(event.uri ?? '') : null);
  if (failed) {
    const cause = failureCause(event);
    state.errorRate.lastFailed = event.ids ?? null;
    state.errorRate.lastCause = cause === undefined || cause.startsWith('status ') ? null : cause;
    if (failedOnBoth(event)) addTime(state.errorRate.sharedMs, event.endMs, window);
  }
  if (failedForVisitor(event)) addTime(state.errorRate.visibleMs, event.endMs, window);
  // Usually nothing has failed and nothing is open.
  if (window.failed > 0 || open !== null) errorRateTick(state, event.endMs, verdicts, policy);
}

export function errorRateTick(state: State, nowMs: number, verdicts: Verdict[], policy: Policy): void {
  const { errorRate } = state;
  const { window } = errorRate;
  ageOut(window, nowMs);
  const percent = failedPercent(window);
  if (errorRate.open === null) {
    const hasEnough = window.count >= Math.min(minSamples, policy.windowSize);
    if (!hasEnough || percent <= policy.thresholdPercent) return;
    errorRate.open = beginIncident(state, nowMs);
    errorRate.calmSinceMs = null;
  }
  const { open } = errorRate;
  if (percent > policy.thresholdPercent * resolveShare) errorRate.calmSinceMs = null;
  else errorRate.calmSinceMs ??= nowMs;
  if (errorRate.calmSinceMs !== null) {
    if (nowMs - errorRate.calmSinceMs >= calmForMs) resolve(state, open, nowMs, verdicts, policy);
    return;
  }
  const describe = () => errorRateAlert(state, open, policy);
  if (open.announced) {
    if (!open.masked || open.escalation?.announced || !isVisible(errorRate)) return;
    push(verdicts, escalate(state.gates, gateKey, open, describe, nowMs, policy));
    return;
  }
  // An alert that a cooldown held back is sent later only if it is still true.
  if (open.held && percent <= policy.thresholdPercent) return;
  push(verdicts, announce(state.gates, gateKey, open, describe, nowMs, policy));
  open.masked = open.announced && !isVisible(errorRate);
}

/** Adds to a list that needs to reach back one window. */
function addTime(times: number[], atMs: number, { size }: Window): void {
  times.push(atMs);
  // Trims rarely and in bulk: removing one item from the front of a long array moves all the others.
  if (times.length > 2 * size) times.splice(0, size);
}

/** Whether any error in the window reached a visitor. */
function isVisible({ window, visibleMs }: ErrorRateState): boolean {
  return (visibleMs.at(-1) ?? 0) >= oldestMs(window);
}

function errorRateAlert(state: State, { id, atMs, escalation }: OpenErrorRate, policy: Policy): ErrorRate {
  const { window, lastFailed, lastCause, visibleMs, sharedMs } = state.errorRate;
  const sinceMs = oldestMs(window);
  const inWindow = (times: readonly number[]) =>
    Math.min(window.failed, times.filter((atMs) => atMs >= sinceMs).length);
  const pool = state.routing.serving;
  return {
    kind: 'error-rate',
    incident: id,
    atMs: escalation?.atMs ?? atMs,
    failed: window.failed,
    samples: window.count,
    thresholdPercent: policy.thresholdPercent,
    pool: pool ?? undefined,
    visible: inWindow(visibleMs),
    shared: inWindow(sharedMs),
    cause: lastCause ?? undefined,
    worstPaths: worstPaths(window, 3),
    request: lastFailed ?? undefined,
    ...(escalation && { escalated: true }),
  };
}

function resolve(state: State, open: Incident, nowMs: number, verdicts: Verdict[], policy: Policy): void {
  const { window } = state.errorRate;
  state.errorRate.open = null;
  state.errorRate.calmSinceMs = null;
  const alert: ErrorRateResolved = {
    kind: 'error-rate-resolved',
    incident: open.id,
    atMs: nowMs,
    failed: window.failed,
    samples: window.count,
    lastedMs: nowMs - open.atMs,
  };
  verdicts.push(conclude(state.gates, gateKey, open, alert, policy));
}
