import type { BurnRate, BurnRateResolved } from '../alerts/alert.ts';
import type { AccessEvent } from '../request/event.ts';
import { failedForVisitor, visitorLeft } from '../request/observe.ts';
import { advanceTo, count, longTally, shortTally, type Tally } from './buckets.ts';
import { announce, beginIncident, conclude, push, type Verdict } from './incident.ts';
import type { Policy, State } from './state.ts';

/**
 * From "Alerting on SLOs" in Google's SRE workbook: alert when both the last hour and the last five minutes burn the budget
 * 14.4 times too fast, which spends 2% of a month's budget in an hour. The hour shows that it matters, the five minutes that
 * it is still happening.
 */
const burnThreshold = 14.4;
/** Resolved when the last five minutes burn at less than this share of the threshold. */
const resolveShare = 0.5;
/** With fewer requests, such as ten on a quiet night, one failure would look like a high rate. */
const minRequests = 50;
const minFailed = 5;
const gateKey = 'burn-rate';

/** How fast visitors' errors use up the error budget. Masked failures do not count. */
export function burnRate(state: State, event: AccessEvent, verdicts: Verdict[], policy: Policy): void {
  if (policy.sloPercent === undefined) return;
  // The maintenance page is not an error.
  if (event.attempts.length === 0 || visitorLeft(event)) return;
  const failed = failedForVisitor(event);
  count(state.burnRate.buckets, event.endMs, failed);
  if (failed) state.burnRate.lastFailed = event.ids ?? null;
  if (failed || state.burnRate.open !== null) evaluate(state, policy.sloPercent, event.endMs, verdicts, policy);
}

export function burnRateTick(state: State, nowMs: number, verdicts: Verdict[], policy: Policy): void {
  const { burnRate } = state;
  if (policy.sloPercent === undefined) burnRate.open = null;
  // It cannot begin without a new failure.
  if (policy.sloPercent === undefined || burnRate.open === null) return;
  advanceTo(burnRate.buckets, nowMs);
  evaluate(state, policy.sloPercent, nowMs, verdicts, policy);
}

function evaluate(state: State, sloPercent: number, nowMs: number, verdicts: Verdict[], policy: Policy): void {
  const { burnRate } = state;
  const long = longTally(burnRate.buckets);
  const short = shortTally(burnRate.buckets);
  const hasEnough = long.requests >= minRequests && long.failed >= minFailed;
  const burns = hasEnough && burnOf(long, sloPercent) >= burnThreshold && burnOf(short, sloPercent) >= burnThreshold;
  if (burnRate.open === null) {
    if (!burns) return;
    burnRate.open = beginIncident(state, nowMs);
  }
  const { open } = burnRate;
  if (burnOf(short, sloPercent) < burnThreshold * resolveShare) {
    burnRate.open = null;
    const alert: BurnRateResolved = {
      kind: 'burn-rate-resolved',
      incident: open.id,
      atMs: nowMs,
      sloPercent,
      lastedMs: nowMs - open.atMs,
      ...short,
    };
    verdicts.push(conclude(state.gates, gateKey, open, alert, policy));
    return;
  }
  // An alert that a cooldown held back is sent later only if it is still true.
  if (open.held && !burns) return;
  const describe = (): BurnRate => ({
    kind: 'burn-rate',
    incident: open.id,
    atMs: open.atMs,
    sloPercent,
    burn: burnOf(long, sloPercent),
    ...long,
    request: burnRate.lastFailed ?? undefined,
  });
  const verdict = announce(state.gates, gateKey, open, describe, nowMs, policy);
  push(verdicts, verdict);
}

/** 1 is exactly as fast as the budget allows. */
function burnOf({ requests, failed }: Tally, sloPercent: number): number {
  return requests === 0 ? 0 : (failed * 100) / (requests * (100 - sloPercent));
}
