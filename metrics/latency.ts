const maxLatencyMs = 60_000;
const step = 1.25;
export const bounds = boundsUpTo(maxLatencyMs);
export const latencyBounds = bounds;
/** The place of a latency among the bounds, for each whole millisecond. */
const places = placesOf(bounds);

/** Which of the bounds a latency is counted under; their number: it is above all of them. */
export function latencyPlace(ms: number): number {
  return ms > maxLatencyMs ? bounds.length : (places[ms] ?? 0);
}

function boundsUpTo(maxMs: number): readonly number[] {
  const all = [1];
  for (let last = 1; last < maxMs; ) {
    last = Math.min(maxMs, Math.max(last + 1, Math.round(last * step)));
    all.push(last);
  }
  return all;
}

function placesOf(all: readonly number[]): Uint8Array {
  const table = new Uint8Array(maxLatencyMs + 1);
  let place = 0;
  for (let ms = 0; ms <= maxLatencyMs; ms++) {
    if (ms > (all[place] ?? 0)) place++;
    table[ms] = place;
  }
  return table;
}
