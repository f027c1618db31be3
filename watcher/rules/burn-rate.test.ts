import { describe, expect, it } from 'vitest';
import { accessLine, type LineFields, reroutedLine } from '../../test/access-lines.ts';
import { Decisions, kinds, noon } from '../../test/decisions.ts';
import { advanceTo, count, longTally, newBuckets, shortTally } from './buckets.ts';
import { decideTick } from './decide.ts';

const minute = 60_000;
const begin = (sloPercent: number | undefined = 99.9, cooldownMs = 0) =>
  new Decisions({ thresholdPercent: 100, cooldownMs, sloPercent });

/** Spreads a number of requests evenly over the time. The first `failed` of each hundred fail. */
function requests(decisions: Decisions, fromMs: number, untilMs: number, number: number, failed: number) {
  const fields = (index: number): LineFields => (index % 100 < failed ? { status: 500 } : {});
  const at = (index: number) => noon + fromMs + ((untilMs - fromMs) * index) / number;
  const lines = Array.from({ length: number }, (_, index) => accessLine({ startMs: at(index), ...fields(index) }));
  return decisions.log(...lines).filter(({ kind }) => kind.startsWith('burn-rate'));
}

describe('the burn rate of the error budget', () => {
  it('is sent when the last hour and the last five minutes both burn more than 14.4 times too fast', () => {
    const decisions = begin();
    expect(requests(decisions, 0, 55 * minute, 5_500, 1)).toEqual([]);
    const [alert] = requests(decisions, 55 * minute, 60 * minute, 500, 20);
    expect(alert).toMatchObject({ kind: 'burn-rate', incident: '1123-1256-1', sloPercent: 99.9 });
    // Sent as soon as 1.44% of the hour's requests have failed.
    expect(alert?.kind === 'burn-rate' && alert.burn).toBeCloseTo(14.4, 0);
  });

  it('is not sent for an hour that was bad only at its beginning', () => {
    const decisions = begin();
    // Fewer than fifty requests are not enough for a rate.
    requests(decisions, 0, minute, 49, 100);
    requests(decisions, 10 * minute, 20 * minute, 1_000, 0);
    // 1.9% of the hour's requests have failed now, but only one of them in the last five minutes.
    expect(requests(decisions, 50 * minute, 55 * minute, 1_500, 0)).toEqual([]);
    decisions.log(accessLine({ startMs: noon + 55 * minute, status: 500 }));
    expect(decisions.verdicts).toEqual([]);
  });

  it('is not sent for one bad minute in a good hour', () => {
    const decisions = begin();
    requests(decisions, 0, 58 * minute, 5_800, 0);
    expect(requests(decisions, 58 * minute, 59 * minute, 100, 50)).toEqual([]);
  });

  it('is resolved when the last five minutes are better, even without any requests', () => {
    const decisions = begin();
    expect(requests(decisions, 0, minute, 200, 10)).toHaveLength(1);
    expect(decisions.tick(noon + 4 * minute)).toEqual([]);
    expect(decisions.tick(noon + 7 * minute)).toMatchObject([
      { kind: 'burn-rate-resolved', sloPercent: 99.9, failed: 0, requests: 0 },
    ]);
    expect(decisions.tick(noon + 90 * minute)).toEqual([]);
  });

  it('is resolved at less than half of that speed, and at no higher one', () => {
    const decisions = begin();
    expect(requests(decisions, 0, minute, 200, 10)).toHaveLength(1);
    // The first minute has left the five, in which 1%, then 0.5% fail: 10 and 5 times too fast.
    expect(requests(decisions, 6 * minute, 7 * minute, 1_000, 1)).toEqual([]);
    expect(decisions.tick(noon + 8 * minute)).toEqual([]);
    const [resolved] = requests(decisions, 8 * minute, 9 * minute, 1_000, 0);
    expect(resolved).toMatchObject({ kind: 'burn-rate-resolved' });
    expect(resolved?.kind === 'burn-rate-resolved' && Math.round(resolved.lastedMs / minute)).toBe(8);
  });

  it('names the last request that failed, not a masked failure', () => {
    const decisions = begin();
    const id = (digit: string) => digit.repeat(32);
    decisions.log(accessLine({ startMs: noon, status: 500, requestId: id('1') }));
    decisions.log(reroutedLine({ startMs: noon + 1, requestId: id('2') }));
    expect(decisions.state.burnRate.lastFailed).toMatchObject({ requestId: id('1') });
  });

  it('is judged only with at least fifty requests', () => {
    expect(requests(begin(), 0, minute, 50, 100)).toHaveLength(1);
  });

  it('does not begin because good requests have become too old, without a new one that failed', () => {
    const decisions = begin();
    requests(decisions, 0, minute, 10_000, 0);
    expect(requests(decisions, 58 * minute, 59 * minute, 50, 20)).toEqual([]);
    expect(decisions.tick(noon + 62 * minute)).toEqual([]);
    expect(kinds(decisions.log(accessLine({ startMs: noon + 62 * minute, status: 500 })))).toEqual(['burn-rate']);
  });

  it('ends without an alert if the objective is removed', () => {
    const decisions = begin();
    requests(decisions, 0, minute, 200, 10);
    const { sloPercent: _, ...policy } = decisions.policy;
    expect(decideTick(decisions.state, null, noon + 2 * minute, policy)).toEqual([]);
    expect(decisions.state.burnRate.open).toBeNull();
  });

  it('that a cooldown held back is not sent at its end if it no longer burns too fast, though it is not resolved', () => {
    const decisions = begin(99.9, 10 * minute);
    expect(requests(decisions, 0, minute, 200, 10)).toHaveLength(1);
    expect(kinds(decisions.tick(noon + 7 * minute))).toEqual(['burn-rate-resolved']);
    expect(requests(decisions, 8 * minute, 9 * minute, 200, 10)).toEqual([]);
    expect(decisions.heldBack()).toEqual(['burn-rate: cooldown']);
    // Now 1% of the last five minutes have failed.
    requests(decisions, 9 * minute, 10 * minute, 1_800, 0);
    expect(decisions.tick(noon + 11 * minute)).toEqual([]);
    expect(decisions.state.burnRate.open).not.toBeNull();
    expect(kinds(requests(decisions, 11 * minute, 12 * minute, 500, 10))).toEqual(['burn-rate']);
  });

  it('needs enough requests, and enough that failed', () => {
    const decisions = begin();
    expect(requests(decisions, 0, minute, 49, 100)).toEqual([]);
    expect(requests(begin(), 0, minute, 100, 4)).toEqual([]);
    expect(requests(begin(), 0, minute, 100, 5)).toHaveLength(0);
    expect(requests(begin(), 0, minute, 105, 5)).toHaveLength(1);
  });

  it('counts what the visitor got: not masked failures and not visitors who left before an answer, but answers cut off', () => {
    const decisions = begin();
    const lines = (line: typeof accessLine, fields: LineFields) =>
      decisions.log(...Array.from({ length: 60 }, (_, at) => line({ startMs: noon + at, ...fields })));
    lines(reroutedLine, {});
    lines(accessLine, { status: 503, pool: '-', upstreamStatus: '-', upstreamAddr: '-' });
    lines(accessLine, { status: 404 });
    lines(accessLine, { status: 499, pool: '-', upstreamStatus: '-', upstreamAddr: '172.31.240.11:3000' });
    expect(longTally(decisions.state.burnRate.buckets)).toEqual({ requests: 120, failed: 0 });
    expect(lines(accessLine, { length: '20', bytesSent: 20 })).toMatchObject([{ kind: 'burn-rate' }]);
  });

  it('is off without an objective', () => {
    const decisions = new Decisions();
    decisions.log(...Array.from({ length: 100 }, (_, at) => accessLine({ startMs: noon + at, status: 500 })));
    expect(decisions.sent().map(({ kind }) => kind)).toEqual(['error-rate']);
    expect(decisions.state.burnRate.buckets).toEqual(newBuckets());
  });
});

describe('tallies by time', () => {
  const none = { requests: 0, failed: 0 };

  it('cover the last hour and the last five minutes, to within half a minute', () => {
    const buckets = newBuckets();
    const seconds = 3 * 3_600;
    for (let at = 0; at < seconds; at++) count(buckets, noon + at * 1_000, at % 10 === 0);
    expect(longTally(buckets)).toEqual({ requests: 3_600, failed: 360 });
    expect(shortTally(buckets)).toEqual({ requests: 300, failed: 30 });
    // 120 half minutes and a spare row, with two columns each.
    expect(buckets.ring.cells).toHaveLength(121 * 2);
  });

  it('expire, however long no request came', () => {
    const buckets = newBuckets();
    count(buckets, noon, true);
    advanceTo(buckets, noon + 5 * minute);
    expect([shortTally(buckets).failed, longTally(buckets).failed]).toEqual([0, 1]);
    advanceTo(buckets, noon + 60 * minute);
    expect(longTally(buckets)).toEqual({ requests: 0, failed: 0 });
    count(buckets, noon + 365 * 24 * 60 * minute, true);
    expect(longTally(buckets)).toEqual({ requests: 1, failed: 1 });
  });

  it('are gone after a silence of hours, with no look at them in between', () => {
    const buckets = newBuckets();
    count(buckets, noon, true);
    advanceTo(buckets, noon + 600 * minute);
    expect([longTally(buckets), shortTally(buckets)]).toEqual([none, none]);
    count(buckets, noon + 600 * minute, false);
    advanceTo(buckets, noon + 630 * minute);
    expect([longTally(buckets), shortTally(buckets)]).toEqual([{ requests: 1, failed: 0 }, none]);
  });

  it('begin again for both spans when the clock was set back', () => {
    const buckets = newBuckets();
    count(buckets, noon, true);
    count(buckets, noon - 60 * minute, false);
    expect([longTally(buckets), shortTally(buckets)]).toEqual([
      { requests: 1, failed: 0 },
      { requests: 1, failed: 0 },
    ]);
  });

  it('start over after the clock was set back, and accept a line that is some milliseconds late', () => {
    const buckets = newBuckets();
    count(buckets, noon, true);
    count(buckets, noon - 5, true);
    expect(longTally(buckets).requests).toBe(2);
    count(buckets, noon - 60 * minute, false);
    expect(longTally(buckets)).toEqual({ requests: 1, failed: 0 });
  });
});
