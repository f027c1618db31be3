/** Without a request for so long, the log says nothing of now. */
const idleAfterMs = 10_000;

/** @param lastMs when the last request had ended */
export function isIdle(lastMs: number, nowMs: number): boolean {
  return nowMs - lastMs > idleAfterMs;
}
