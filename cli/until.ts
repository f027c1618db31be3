import { setTimeout as delay } from 'node:timers/promises';

const intervalMs = 25;

/** Repeats a check until it returns true. Returns false after `deadlineMs`. */
export async function until(deadlineMs: number, condition: () => Promise<boolean>): Promise<boolean> {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    if (await condition()) return true;
    if (Date.now() >= deadline) return false;
    await delay(intervalMs);
  }
}
