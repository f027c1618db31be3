import { nowMs } from './sample.ts';

export interface Schedule {
  stop(): void;
}

/**
 * Calls `send` at a constant rate, whatever becomes of earlier requests. A late call gets the time when it was due, and missed
 * calls are made up for at once.
 * @param rate calls a second
 */
export function startSchedule(rate: number, send: (dueAt: number) => void): Schedule {
  const startedAt = nowMs();
  let sent = 0;
  const dueAt = () => startedAt + (sent * 1000) / rate;
  const tick = () => {
    for (let due = dueAt(); due <= nowMs(); due = dueAt()) {
      sent += 1;
      send(due);
    }
    timer = setTimeout(tick, Math.max(0, dueAt() - nowMs()));
  };
  let timer = setTimeout(tick, 0);
  return { stop: () => clearTimeout(timer) };
}
