/** Upper bounds in milliseconds: from what a cache answers to what a visitor gives up at. */
export const durationBoundsMs = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000] as const;

const lastBoundMs = durationBoundsMs[durationBoundsMs.length - 1] ?? 0;
/** The place of a time among the bounds, for each whole millisecond: found without a search. */
const places = Uint8Array.from({ length: lastBoundMs + 1 }, (_, ms) =>
  durationBoundsMs.findIndex((bound) => ms <= bound),
);

/** Counts times by how long they were; cheap enough for half a million a second. */
export class Durations {
  /** Of each bound those above the one before; the last one of all: longer than every bound. */
  readonly counts: number[] = Array.from({ length: durationBoundsMs.length + 1 }, () => 0);
  sumMs = 0;

  /** @param ms may have a fraction, which counts for the bound above it */
  count(ms: number): void {
    const place = ms > lastBoundMs ? durationBoundsMs.length : (places[Math.ceil(ms)] ?? 0);
    this.counts[place] = (this.counts[place] ?? 0) + 1;
    this.sumMs += ms;
  }
}
