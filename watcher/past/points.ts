import { latencyBounds } from '../../metrics/bounds.ts';
import type { Point, Points } from '../../report/dashboard.ts';
import { columns, type RequestSeries } from './series.ts';
import type { Tier } from './tier.ts';

/** A second's own 99th percentile would be its slowest request; of so many seconds it says something. */
export const latencySeconds = 10;

/**
 * The last `count` rows of a tier that are over at a time.
 * @param partly the row that is still going on as well
 */
export function pointsOf(tier: Tier, untilMs: number, count: number, partly = false): Points {
  const last = tier.numberOf(untilMs) - (partly ? 0 : 1);
  // Nothing is known of before the first request of all.
  const first = tier.head === 0 ? last + 1 : Math.max(last - count + 1, tier.first);
  const points: Point[] = [];
  const latencies = new Latencies(tier);
  for (let number = first; number <= last; number++) points.push(pointOf(tier, number, latencies));
  return { fromMs: first * tier.bucketMs, stepMs: tier.bucketMs, points };
}

/** All of what is kept, for a page that knows nothing yet. */
export function allPoints({ seconds, minutes }: RequestSeries, untilMs: number) {
  return {
    seconds: pointsOf(seconds, untilMs, seconds.rows),
    minutes: pointsOf(minutes, untilMs, minutes.rows, true),
  };
}

/** So many are sent again each second. */
export const newestSeconds = 5;

/** What can have changed since a moment ago: lines come some milliseconds after their time. */
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

/** The latencies of a row, and of those before it where rows are short. */
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

  /** Of this row from now on; each is asked for after the one before it. */
  passTo(number: number): void {
    const first = this.#last === undefined ? number - this.#rows + 1 : this.#last + 1;
    for (let each = first; each <= number; each++) {
      this.#add(each, 1);
      if (this.#last !== undefined) this.#add(each - this.#rows, -1);
    }
    this.#last = number;
  }

  /** The bound that this share of the requests stayed within; null: there were none. */
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
