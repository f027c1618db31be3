/** Requests, and how many of them failed. */
export interface Tally {
  requests: number;
  failed: number;
}

/** Counts by time, for two spans that end now, in constant memory and time: a ring of buckets and two sums. Plain data. */
export interface Buckets {
  /** The newest bucket's number, counted from 1970; 0: none yet. */
  head: number;
  readonly ring: Tally[];
  readonly long: Tally;
  readonly short: Tally;
}

const bucketMs = 30_000;
export const longMs = 60 * 60_000;
export const shortMs = 5 * 60_000;
const longBuckets = longMs / bucketMs;
const shortBuckets = shortMs / bucketMs;

export function newBuckets(): Buckets {
  return { head: 0, ring: [], long: none(), short: none() };
}

/** Counts one request. */
export function count(buckets: Buckets, atMs: number, failed: boolean): void {
  const number = Math.floor(atMs / bucketMs);
  // The log is in order of its times but for some milliseconds: so far back, the clock was set back.
  if (number < buckets.head - 1) clear(buckets);
  passTo(buckets, atMs);
  const at = bucketOf(buckets, buckets.head);
  for (const tally of [at, buckets.long, buckets.short]) {
    tally.requests++;
    if (failed) tally.failed++;
  }
}

/** Lets what has become too old go. */
export function passTo(buckets: Buckets, nowMs: number): void {
  const number = Math.floor(nowMs / bucketMs);
  if (buckets.head === 0 || number - buckets.head >= longBuckets) {
    clear(buckets);
    buckets.head = number;
  }
  while (buckets.head < number) {
    buckets.head++;
    subtract(buckets.short, bucketOf(buckets, buckets.head - shortBuckets));
    const oldest = bucketOf(buckets, buckets.head - longBuckets);
    subtract(buckets.long, oldest);
    oldest.requests = 0;
    oldest.failed = 0;
  }
}

function bucketOf({ ring }: Buckets, number: number): Tally {
  const index = number % longBuckets;
  let tally = ring[index];
  if (tally === undefined) {
    // Filled from the start, as JSON knows no holes.
    while (ring.length <= index) ring.push(none());
    tally = ring[index] ?? none();
  }
  return tally;
}

function subtract(sum: Tally, tally: Tally): void {
  sum.requests -= tally.requests;
  sum.failed -= tally.failed;
}

function clear(buckets: Buckets): void {
  buckets.head = 0;
  buckets.ring.length = 0;
  Object.assign(buckets.long, none());
  Object.assign(buckets.short, none());
}

function none(): Tally {
  return { requests: 0, failed: 0 };
}
