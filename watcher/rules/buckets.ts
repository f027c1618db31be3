import { clear, moveTo, newTimeRing, numberOf, rowAt, sumOf, type TimeRing } from './time-ring.ts';

/** Requests, and how many of them failed. */
export interface Tally {
  readonly requests: number;
  readonly failed: number;
}

/** Requests by time, for the two spans that a burn rate looks at. Plain data. */
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
  // The log is in order of its times but for some milliseconds: so far back, the clock was set back.
  if (numberOf(ring, atMs) < ring.head - 1) clear(ring);
  const row = rowAt(ring, atMs);
  add(ring, row + column.requests);
  if (failed) add(ring, row + column.failed);
}

/** Lets what has become too old go. */
export function passTo({ ring }: Buckets, nowMs: number): void {
  moveTo(ring, nowMs);
}

/** What was counted in the hour before the newest bucket ends. */
export function longTally(buckets: Buckets): Tally {
  return tally(buckets, longMs);
}

/** The same for five minutes. */
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
