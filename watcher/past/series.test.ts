import { describe, expect, it } from 'vitest';
import type { Points } from '../../report/dashboard.ts';
import { accessLine, type LineFields, reroutedLine, unservedLine } from '../../test/access-lines.ts';
import { generator } from '../../test/random.ts';
import type { AccessEvent } from '../request/event.ts';
import { parseLine } from '../request/parse.ts';
import { allPoints, newestPoints } from './points.ts';
import { RequestSeries } from './series.ts';

const noon = Date.UTC(2025, 10, 23, 12);
const secondMs = 1_000;
const minuteMs = 60_000;

function eventOf(line: string): AccessEvent {
  const event = parseLine(line);
  if (typeof event === 'string') throw new Error(event);
  return event;
}

const endingAt = (endMs: number, fields: LineFields = {}) =>
  eventOf(accessLine({ tookMs: 5, ...fields, startMs: endMs - (fields.tookMs ?? 5) }));

/** The point of a moment; undefined if nothing is known of it. */
function pointAt({ fromMs, stepMs, points }: Points, atMs: number) {
  return points[Math.floor((atMs - fromMs) / stepMs)];
}

describe('the history', () => {
  it('counts each request in the second and minute of its log line, however late the line is read', () => {
    const history = new RequestSeries();
    for (const atMs of [noon, noon + 999, noon + secondMs, noon + 59_999, noon + minuteMs]) {
      history.count(endingAt(atMs));
    }
    const { seconds, minutes } = allPoints(history, noon + 2 * minuteMs);
    expect(
      [noon, noon + secondMs, noon + 2 * secondMs, noon + minuteMs].map((atMs) => pointAt(seconds, atMs)?.[0]),
    ).toEqual([2, 1, 0, 1]);
    expect([noon, noon + minuteMs, noon + 2 * minuteMs].map((atMs) => pointAt(minutes, atMs)?.[0])).toEqual([4, 1, 0]);
    expect(pointAt(seconds, noon - secondMs)).toBeUndefined();
  });

  it('counts who answered, failures in a pool and failures for visitors', () => {
    const history = new RequestSeries();
    const at = { startMs: noon - 5 };
    history.count(eventOf(accessLine(at)));
    history.count(eventOf(reroutedLine(at)));
    history.count(eventOf(unservedLine(at)));
    history.count(eventOf(accessLine({ ...at, length: '20' })));
    // The maintenance page: no attempt, no failure.
    history.count(eventOf(accessLine({ ...at, pool: '-', status: 503, upstreamStatus: '-', upstreamAddr: '-' })));
    const [blue, green, none, tried, failed, lost] = pointAt(allPoints(history, noon + minuteMs).seconds, noon) ?? [];
    expect({ blue, green, none, tried, failed, lost }).toEqual({
      blue: 2,
      green: 1,
      none: 2,
      tried: 4,
      failed: 3,
      lost: 2,
    });
  });

  it('has the quantiles of the time to the first byte over ten seconds', () => {
    const history = new RequestSeries();
    for (let index = 0; index < 100; index++) {
      const ms = index < 98 ? 4 : 900;
      history.count(endingAt(noon + index, { headerTime: (ms / 1_000).toFixed(3), tookMs: 30_000 }));
    }
    const { seconds } = allPoints(history, noon + minuteMs);
    const quantiles = (atMs: number) => pointAt(seconds, atMs)?.slice(6);
    const [p50, p99] = quantiles(noon) ?? [];
    expect(p50).toBe(4);
    expect(p99).toBeGreaterThanOrEqual(900);
    expect(p99).toBeLessThan(900 * 1.25);
    expect(quantiles(noon + 9 * secondMs)).toEqual([p50, p99]);
    expect(quantiles(noon + 10 * secondMs)).toEqual([null, null]);
    // The points sent each second equal the points sent at first.
    const last = newestPoints(history, noon + 9 * secondMs).seconds;
    expect(pointAt(last, noon + 8 * secondMs)).toEqual(pointAt(seconds, noon + 8 * secondMs));
  });

  it('allocates nothing more, and its newest points are correct', () => {
    const random = generator(11);
    const history = new RequestSeries();
    const { seconds, minutes } = history;
    const [cells, sums] = [seconds.cells, minutes.cells];
    const bySecond = new Map<number, number>();
    let atMs = noon;
    for (let index = 0; index < 20_000; index++) {
      atMs += Math.floor(random() * 9_000);
      // Lines of two workers come in the wrong order, by some milliseconds.
      const endMs = atMs - Math.floor(random() * 20);
      history.count(endingAt(endMs));
      const second = Math.floor(endMs / secondMs);
      bySecond.set(second, (bySecond.get(second) ?? 0) + 1);
    }
    expect([seconds.cells, minutes.cells]).toEqual([cells, sums]);
    const known = allPoints(history, atMs + secondMs);
    expect(known.seconds.points.length).toBe(1_800);
    expect(known.minutes.points.length).toBe(1_455);
    for (const [index, point] of known.seconds.points.entries()) {
      const second = known.seconds.fromMs / secondMs + index;
      // The newest second has not ended and is about to reuse the oldest row.
      if (index > 0) expect(point[0]).toBe(bySecond.get(second) ?? 0);
    }
  });

  it('continues after a restart, and counts no repeated line twice', () => {
    const before = new RequestSeries();
    const events = Array.from({ length: 500 }, (_, index) => endingAt(noon + index * 100));
    for (const event of events.slice(0, 300)) before.count(event);
    const after = new RequestSeries();
    after.restore(JSON.parse(JSON.stringify(before.snapshot())));
    // The checkpoint was older than the history.
    for (const event of events.slice(280)) after.count(event);
    const whole = new RequestSeries();
    for (const event of events) whole.count(event);
    expect(allPoints(after, noon + minuteMs)).toEqual(allPoints(whole, noon + minuteMs));
  });

  it('drops what is later than the new time when the clock is set back', () => {
    const history = new RequestSeries();
    for (let index = 0; index < 100; index++) history.count(endingAt(noon + index * secondMs));
    history.count(endingAt(noon + 30 * secondMs));
    const { seconds } = allPoints(history, noon + 60 * secondMs);
    expect([29, 30, 31, 59].map((second) => pointAt(seconds, noon + second * secondMs)?.[0])).toEqual([1, 2, 0, 0]);
    history.count(endingAt(noon - 3_600_000));
    expect(pointAt(allPoints(history, noon - 3_599_000).seconds, noon - 3_600_000)?.[0]).toBe(1);
  });

  it('starts empty if the saved state has another shape', () => {
    const before = new RequestSeries();
    before.count(endingAt(noon));
    const { countedMs, tiers } = before.snapshot();
    const after = new RequestSeries();
    for (const cells of ['', 'AAAA', Buffer.alloc(50_000, 1).toString('base64')]) {
      after.restore({ countedMs, tiers: tiers.map((tier) => ({ ...tier, cells })) });
      expect(allPoints(after, noon + minuteMs).minutes.points).toEqual([]);
    }
    after.count(endingAt(noon + secondMs));
    expect(pointAt(allPoints(after, noon + minuteMs).seconds, noon + secondMs)?.[0]).toBe(1);
  });

  it('drops no more than that when the clock is set back across a restart', () => {
    const before = new RequestSeries();
    const minute = (number: number) => noon + number * minuteMs;
    for (const number of [0, 5, 10]) before.count(endingAt(minute(number)));
    let history = before;
    const counts = () => {
      const { minutes } = allPoints(history, minute(11));
      return [0, 5, 7, 10].map((number) => pointAt(minutes, minute(number))?.[0]);
    };
    const restart = () => {
      const { tiers, countedMs } = history.snapshot();
      history = new RequestSeries();
      history.restore({ tiers, countedMs });
    };
    restart();
    expect(counts()).toEqual([1, 1, 0, 1]);
    history.count(endingAt(minute(7)));
    expect(counts()).toEqual([1, 1, 1, 0]);
    restart();
    history.count(endingAt(minute(7) + 1));
    expect(counts()).toEqual([1, 1, 2, 0]);
  });
});
