/** A rule that waits for time to pass is looked at so often. */
export const tickMs = 250;
/** Ticks that are made up for a gap in the log. */
const maxTicksInGap = 1_000;

/** The moments at which the clock would have ticked since the last tick, where time is the log's. */
export function* ticksUpTo(atMs: number, lastTickMs: number): Generator<number> {
  const gapMs = atMs - lastTickMs;
  if (Math.abs(gapMs) < tickMs) return;
  // The clock was set back meanwhile, or there was no tick yet.
  const fromMs = gapMs < 0 || lastTickMs === 0 ? atMs - tickMs : lastTickMs;
  const stepMs = Math.max(tickMs, (atMs - fromMs) / maxTicksInGap);
  for (let nowMs = fromMs + stepMs; nowMs <= atMs; nowMs += stepMs) yield nowMs;
}
