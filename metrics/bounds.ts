/** The upper bounds of a histogram's buckets, in whole milliseconds, with a table that finds a bucket without a search. */
export class Bounds {
  readonly ms: readonly number[];
  readonly #maxMs: number;
  readonly #buckets: Uint8Array;

  /** @param ms ascending, at most 255 */
  constructor(ms: readonly number[]) {
    this.ms = ms;
    this.#maxMs = ms.at(-1) ?? 0;
    let bucket = 0;
    this.#buckets = Uint8Array.from({ length: this.#maxMs + 1 }, (_, time) => {
      if (time > (ms[bucket] ?? 0)) bucket++;
      return bucket;
    });
  }

  /** The number of buckets: one for each bound, and one above all of them. */
  get buckets(): number {
    return this.ms.length + 1;
  }

  /** The index of the bucket for a time; a fraction of a millisecond is rounded up. */
  bucketOf(ms: number): number {
    return ms > this.#maxMs ? this.ms.length : (this.#buckets[Math.ceil(ms)] ?? 0);
  }
}

/** Few, because each is a series in Prometheus: from a cache hit to the time at which visitors give up. */
export const durationBounds = new Bounds([1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000]);

/** Fine, because a bake compares quantiles and the dashboard draws them: each bound is a quarter above the one before. */
export const latencyBounds = new Bounds(boundsUpTo(60_000, 1.25));

function boundsUpTo(maxMs: number, step: number): readonly number[] {
  const all = [1];
  for (let last = 1; last < maxMs; ) {
    last = Math.min(maxMs, Math.max(last + 1, Math.round(last * step)));
    all.push(last);
  }
  return all;
}
