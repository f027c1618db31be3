/** A span of time in which a channel took nothing; it goes on where `untilMs` is missing. Plain JSON. */
export interface Silence {
  readonly fromMs: number;
  readonly untilMs?: number;
}

export function begun(silence: Silence | undefined, nowMs: number): Silence {
  return silence === undefined || silence.untilMs !== undefined ? { fromMs: nowMs } : silence;
}

export function ended(silence: Silence | undefined, nowMs: number): Silence | undefined {
  return silence === undefined || silence.untilMs !== undefined ? silence : { ...silence, untilMs: nowMs };
}

/** For how long the channel took nothing while something waited that was queued at `queuedAtMs`. */
export function silentMs(silence: Silence | undefined, queuedAtMs: number, nowMs: number): number {
  if (silence === undefined) return 0;
  const { fromMs, untilMs = nowMs } = silence;
  return untilMs < queuedAtMs ? 0 : untilMs - fromMs;
}
