/**
 * @typedef {import('../report/dashboard.ts').Points} Points
 * @typedef {import('../report/dashboard.ts').Point} Point
 */

/** How long the watcher's window keeps a request. Points from this long before the visible range are kept as well. */
export const windowMs = 15 * 60_000;

/**
 * The columns for uPlot: the time in seconds, and the values of each line.
 * @typedef {object} Columns
 * @property {number[]} time
 * @property {number[]} blue
 * @property {number[]} green
 * @property {number[]} none
 * @property {(number | null)[]} failed
 * @property {(number | null)[]} lost
 * @property {(number | null)[]} p50
 * @property {(number | null)[]} p99
 */

/** @returns {Columns} */
export function noColumns() {
  return { time: [], blue: [], green: [], none: [], failed: [], lost: [], p50: [], p99: [] };
}

/** The points of one time step. The watcher sends all of them first, then the newest. */
export class Series {
  /** @type {Point[]} */
  #points = [];
  #fromMs = 0;
  #stepMs;
  #limit;

  /**
   * @param {number} stepMs
   * @param {number} limit how many points are kept
   */
  constructor(stepMs, limit) {
    this.#stepMs = stepMs;
    this.#limit = limit;
  }

  /** @param {Points} points all points */
  replace({ fromMs, stepMs, points }) {
    this.#points = [...points];
    this.#fromMs = fromMs;
    this.#stepMs = stepMs;
  }

  /** @param {Points} newest the newest points; they replace known ones */
  update({ fromMs, stepMs, points }) {
    if (this.#points.length === 0) {
      this.replace({ fromMs, stepMs, points });
      return;
    }
    const offset = Math.round((fromMs - this.#fromMs) / stepMs);
    for (const [index, point] of points.entries()) {
      const at = offset + index;
      if (at < 0) continue;
      while (this.#points.length < at) this.#points.push([0, 0, 0, 0, 0, 0, null, null]);
      this.#points[at] = point;
    }
    const tooMany = this.#points.length - this.#limit;
    if (tooMany <= 0) return;
    this.#points.splice(0, tooMany);
    this.#fromMs += tooMany * stepMs;
  }

  /** The number of requests of the last point; null if there is no point. */
  get newest() {
    const point = this.#points.at(-1);
    return point === undefined ? null : point[0] + point[1] + point[2];
  }

  get stepMs() {
    return this.#stepMs;
  }

  /** When the last point ends. */
  get untilMs() {
    return this.#fromMs + this.#points.length * this.#stepMs;
  }

  /**
   * The last points, as columns.
   * @param {number} rangeMs
   * @param {number} nowMs
   * @param {number} windowSize how many requests the error rate covers
   */
  columns(rangeMs, nowMs, windowSize) {
    const first = Math.max(0, this.#points.length - Math.ceil(rangeMs / this.#stepMs));
    const shares = rollingShares(this.#points, windowSize, Math.max(1, Math.round(windowMs / this.#stepMs)));
    const columns = noColumns();
    for (let index = first; index < this.#points.length; index++) {
      const point = this.#points[index];
      if (point === undefined) continue;
      const fromMs = this.#fromMs + index * this.#stepMs;
      // The last minute has not ended yet.
      const seconds = Math.max(1_000, Math.min(this.#stepMs, nowMs - fromMs)) / 1_000;
      columns.time.push(fromMs / 1_000);
      columns.blue.push(point[0] / seconds);
      columns.green.push(point[1] / seconds);
      columns.none.push(point[2] / seconds);
      columns.failed.push(shares.failed[index] ?? null);
      columns.lost.push(shares.lost[index] ?? null);
      columns.p50.push(point[6]);
      columns.p99.push(point[7]);
    }
    return columns;
  }
}

/**
 * The error rate at the end of each point, as the alert computes it: over the last `windowSize` requests, but at most
 * `maxPoints` back.
 * @param {readonly Point[]} points
 * @param {number} windowSize
 * @param {number} maxPoints
 */
function rollingShares(points, windowSize, maxPoints) {
  /** @type {(number | null)[]} */
  const failed = [];
  /** @type {(number | null)[]} */
  const lost = [];
  const sum = { tried: 0, failed: 0, lost: 0 };
  let from = 0;
  for (const [index, point] of points.entries()) {
    sum.tried += point[3];
    sum.failed += point[4];
    sum.lost += point[5];
    for (let oldest = points[from]; oldest !== undefined && from < index; oldest = points[from]) {
      if (index - from < maxPoints && sum.tried - oldest[3] < windowSize) break;
      sum.tried -= oldest[3];
      sum.failed -= oldest[4];
      sum.lost -= oldest[5];
      from++;
    }
    failed.push(sum.tried === 0 ? null : (100 * sum.failed) / sum.tried);
    lost.push(sum.tried === 0 ? null : (100 * sum.lost) / sum.tried);
  }
  return { failed, lost };
}
