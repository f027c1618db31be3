import { durationBounds } from './bounds.ts';

/** Counts times by how long they were; cheap enough for half a million a second. */
export class Durations {
  /** Of each bucket. */
  readonly counts: number[] = Array.from({ length: durationBounds.buckets }, () => 0);
  sumMs = 0;

  count(ms: number): void {
    const bucket = durationBounds.bucketOf(ms);
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.sumMs += ms;
  }
}
