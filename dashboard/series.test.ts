import { expect, it } from 'vitest';
import { accessLine } from '../test/access-lines.ts';
import { allPoints } from '../watcher/past/points.ts';
import { RequestSeries } from '../watcher/past/series.ts';
import { parseLine } from '../watcher/request/parse.ts';
import { Series, windowMs } from './series.js';

const noon = Date.UTC(2025, 10, 23, 12);
const secondMs = 1_000;
const minuteMs = 60_000;
const windowSize = 200;

/** Requests at a fixed interval; the first one in each ten minutes fails. */
function historyOf(everyMs: number, untilMs: number): RequestSeries {
  const history = new RequestSeries();
  for (let atMs = noon; atMs < untilMs; atMs += everyMs) {
    const status = atMs % (10 * minuteMs) === 0 ? 500 : 200;
    const event = parseLine(accessLine({ startMs: atMs, tookMs: 5, status }));
    if (typeof event === 'string') throw new Error(event);
    history.count(event);
  }
  return history;
}

it.each([
  { range: 'a quarter of an hour', tier: 'seconds', rangeMs: 15 * minuteMs, everyMs: secondMs, highest: 100 / 200 },
  { range: 'a day', tier: 'minutes', rangeMs: 24 * 60 * minuteMs, everyMs: 30 * secondMs, highest: 200 / 28 },
] as const)('draws the true error rate from the left edge of $range on', ({ tier, rangeMs, everyMs, highest }) => {
  // Each shift moves a failure out of the visible range.
  for (let shiftMs = 0; shiftMs < 10 * minuteMs; shiftMs += minuteMs) {
    const untilMs = noon + rangeMs + 60 * minuteMs + shiftMs + 5 * secondMs;
    const points = allPoints(historyOf(everyMs, untilMs), untilMs)[tier];
    const series = new Series(points.stepMs, (rangeMs + windowMs) / points.stepMs);
    series.replace(points);
    const { time, failed, lost } = series.columns(rangeMs, untilMs, windowSize);
    expect(time).toHaveLength(rangeMs / points.stepMs);
    for (const share of [...failed, ...lost]) expect(share).toBeLessThan(highest + 0.01);
  }
});

it('begins with the very first request', () => {
  const untilMs = noon + 10 * secondMs;
  const series = new Series(secondMs, (15 * minuteMs + windowMs) / secondMs);
  series.replace(allPoints(historyOf(secondMs, untilMs), untilMs).seconds);
  const { failed } = series.columns(15 * minuteMs, untilMs, windowSize);
  expect(failed.slice(0, 3)).toEqual([100, 50, 100 / 3]);
});
