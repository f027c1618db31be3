import { nowMs } from './sample.ts';

export interface Schedule {
  stop(): void;
}

/**
 * Calls `send` so many times a second, whatever became of what was sent before. A call that comes late says when it was due,
 * and those that were missed are made up for at once.
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
