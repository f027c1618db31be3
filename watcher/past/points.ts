import { latencyBounds } from '../../metrics/bounds.ts';
import type { Point, Points } from '../../report/dashboard.ts';
import { columns, type RequestSeries } from './series.ts';
import type { Tier } from './tier.ts';

/** How many seconds the quantiles cover: the 99th percentile of a single second would be its slowest request. */
export const latencySeconds = 10;

/**
 * The last `count` rows of a tier that have ended at `untilMs`.
 * @param partly include the row that has not ended yet
 */
export function pointsOf(tier: Tier, untilMs: number, count: number, partly = false): Points {
  const last = tier.numberOf(untilMs) - (partly ? 0 : 1);
  // Nothing is known of the time before the very first request.
  const first = tier.head === 0 ? last + 1 : Math.max(last - count + 1, tier.first);
  const points: Point[] = [];
  const latencies = new Latencies(tier);
  for (let number = first; number <= last; number++) points.push(pointOf(tier, number, latencies));
  return { fromMs: first * tier.bucketMs, stepMs: tier.bucketMs, points };
}

/** All points that are kept, for a page that has just connected. */
export function allPoints({ seconds, minutes }: RequestSeries, untilMs: number) {
  return {
    seconds: pointsOf(seconds, untilMs, seconds.rows),
    minutes: pointsOf(minutes, untilMs, minutes.rows, true),
  };
}

/** How many seconds are sent again each second. */
export const newestSeconds = 5;

/** The points that can have changed within the last second: lines arrive some milliseconds after their time. */
export function newestPoints({ seconds, minutes }: RequestSeries, untilMs: number) {
  return { seconds: pointsOf(seconds, untilMs, newestSeconds), minutes: pointsOf(minutes, untilMs, 2, true) };
}

function pointOf(tier: Tier, number: number, latencies: Latencies): Point {
  const row = tier.rowOf(number);
  const cell = (column: number) => (row === undefined ? 0 : (tier.cells[row + column] ?? 0));
  latencies.passTo(number);
  return [
    cell(columns.blue),
    cell(columns.green),
    cell(columns.none),
    cell(columns.tried),
    cell(columns.failed),
    cell(columns.lost),
    latencies.quantile(0.5),
    latencies.quantile(0.99),
  ];
}

/** The latencies of a row; for rows shorter than `latencySeconds`, of the rows before it as well. */
class Latencies {
  readonly #tier: Tier;
  readonly #rows: number;
  readonly #counts = new Float64Array(latencyBounds.buckets);
  #sum = 0;
  #last: number | undefined;

  constructor(tier: Tier) {
    this.#tier = tier;
    this.#rows = Math.max(1, Math.round((latencySeconds * 1_000) / tier.bucketMs));
  }

  /** Moves on to a row. Rows are visited in order, without gaps. */
  passTo(number: number): void {
    const first = this.#last === undefined ? number - this.#rows + 1 : this.#last + 1;
    for (let each = first; each <= number; each++) {
      this.#add(each, 1);
      if (this.#last !== undefined) this.#add(each - this.#rows, -1);
    }
    this.#last = number;
  }

  /** The bound in ms that this share of the requests stayed within; null if there were none. */
  quantile(share: number): number | null {
    if (this.#sum === 0) return null;
    let left = Math.ceil(this.#sum * share);
    for (const [place, bound] of latencyBounds.ms.entries()) {
      left -= this.#counts[place] ?? 0;
      if (left <= 0) return bound;
    }
    return latencyBounds.ms.at(-1) ?? null;
  }

  #add(number: number, sign: 1 | -1): void {
    const row = this.#tier.rowOf(number);
    if (row === undefined) return;
    for (let place = 0; place < this.#counts.length; place++) {
      const count = sign * (this.#tier.cells[row + columns.latency + place] ?? 0);
      this.#counts[place] = (this.#counts[place] ?? 0) + count;
      this.#sum += count;
    }
  }
}
