import { durationBounds } from './bounds.ts';

/** A histogram of durations; cheap enough for half a million a second. */
export class Durations {
  /** By bucket of `durationBounds`. */
  readonly counts: number[] = Array.from({ length: durationBounds.buckets }, () => 0);
  sumMs = 0;

  count(ms: number): void {
    const bucket = durationBounds.bucketOf(ms);
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.sumMs += ms;
  }
}
