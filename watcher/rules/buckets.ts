import { clear, moveTo, newTimeRing, numberOf, rowAt, sumOf, type TimeRing } from './time-ring.ts';

/** Requests, and how many of them failed. */
export interface Tally {
  readonly requests: number;
  readonly failed: number;
}

/** Requests by time, for the two windows of a burn rate. Plain data. */
export interface Buckets {
  readonly ring: TimeRing;
}

const bucketMs = 30_000;
export const longMs = 60 * 60_000;
export const shortMs = 5 * 60_000;
const column = { requests: 0, failed: 1 } as const;
const shape = { bucketMs, rows: longMs / bucketMs, columns: 2 };

export function newBuckets(): Buckets {
  return { ring: newTimeRing(shape, (length) => new Array<number>(length).fill(0)) };
}

/** Counts one request. */
export function count({ ring }: Buckets, atMs: number, failed: boolean): void {
  // Log times are in order to within some milliseconds. A time this far back means that the clock was set back.
  if (numberOf(ring, atMs) < ring.head - 1) clear(ring);
  const row = rowAt(ring, atMs);
  add(ring, row + column.requests);
  if (failed) add(ring, row + column.failed);
}

/** Drops the counts that are too old by then. */
export function advanceTo({ ring }: Buckets, nowMs: number): void {
  moveTo(ring, nowMs);
}

/** The counts of the last hour, which ends with the newest bucket. */
export function longTally(buckets: Buckets): Tally {
  return tally(buckets, longMs);
}

/** The counts of the last five minutes, which end with the newest bucket. */
export function shortTally(buckets: Buckets): Tally {
  return tally(buckets, shortMs);
}

function tally({ ring }: Buckets, spanMs: number): Tally {
  const rows = spanMs / bucketMs;
  return { requests: sumOf(ring, column.requests, rows), failed: sumOf(ring, column.failed, rows) };
}

function add({ cells }: TimeRing, index: number): void {
  cells[index] = (cells[index] ?? 0) + 1;
}
