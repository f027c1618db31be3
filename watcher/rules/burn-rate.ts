import type { BurnRate, BurnRateResolved } from '../alerts/alert.ts';
import type { AccessEvent } from '../request/event.ts';
import { failedForVisitor, visitorLeft } from '../request/observe.ts';
import { count, longTally, passTo, shortTally, type Tally } from './buckets.ts';
import { announce, beginIncident, conclude, type Verdict } from './incident.ts';
import type { Policy, State } from './state.ts';

/**
 * From "Alerting on SLOs" in Google's SRE workbook: a page when both the last hour and the last five minutes burn the budget
 * 14.4 times too fast, which spends 2% of a month's in that hour. The hour says that it matters, the five minutes that it
 * still goes on.
 */
const tooFast = 14.4;
/** Resolved when the last five minutes burn at less than this share of it. */
const resolveShare = 0.5;
/** One failed request of a quiet night's ten is no rate. */
const minRequests = 50;
const minFailed = 5;
const gateKey = 'burn-rate';

/** How fast visitors' errors use up the error budget; what the other pool made good is none. */
export function burnRate(state: State, event: AccessEvent, verdicts: Verdict[], policy: Policy): void {
  if (policy.sloPercent === undefined) return;
  // The maintenance page is not an error.
  if (event.attempts.length === 0 || visitorLeft(event)) return;
  const failed = failedForVisitor(event);
  count(state.burnRate.buckets, event.endMs, failed);
  if (failed) state.burnRate.lastFailed = event.ids ?? null;
  if (failed || state.burnRate.open !== null) judge(state, policy.sloPercent, event.endMs, verdicts, policy);
}

export function burnRateTick(state: State, nowMs: number, verdicts: Verdict[], policy: Policy): void {
  const { burnRate } = state;
  if (policy.sloPercent === undefined) burnRate.open = null;
  // Without a new failure it cannot begin.
  if (policy.sloPercent === undefined || burnRate.open === null) return;
  passTo(burnRate.buckets, nowMs);
  judge(state, policy.sloPercent, nowMs, verdicts, policy);
}

function judge(state: State, sloPercent: number, nowMs: number, verdicts: Verdict[], policy: Policy): void {
  const { burnRate } = state;
  const long = longTally(burnRate.buckets);
  const short = shortTally(burnRate.buckets);
  const judged = long.requests >= minRequests && long.failed >= minFailed;
  const burns = judged && burnOf(long, sloPercent) >= tooFast && burnOf(short, sloPercent) >= tooFast;
  if (burnRate.open === null) {
    if (!burns) return;
    burnRate.open = beginIncident(state, nowMs);
  }
  const { open } = burnRate;
  if (burnOf(short, sloPercent) < tooFast * resolveShare) {
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
  // What a cooldown held back is told later only while it is still true.
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
  if (verdict !== undefined) verdicts.push(verdict);
}

/** 1: exactly as fast as the budget allows. */
function burnOf({ requests, failed }: Tally, sloPercent: number): number {
  return requests === 0 ? 0 : (failed * 100) / (requests * (100 - sloPercent));
}
