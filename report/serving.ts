/** Without a request for this long, the log says nothing about the present. */
const idleAfterMs = 10_000;

/** @param lastMs when the last request ended */
export function isIdle(lastMs: number, nowMs: number): boolean {
  return nowMs - lastMs > idleAfterMs;
}
