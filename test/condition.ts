import { setTimeout as delay } from 'node:timers/promises';

/**
 * Waits until something holds, and returns it.
 * @throws after the deadline, with what was waited for and what was seen last
 */
export async function eventually<T>(
  what: string,
  look: () => T | undefined | Promise<T | undefined>,
  deadlineMs = 15_000,
): Promise<T> {
  const deadline = Date.now() + deadlineMs;
  let lastError: unknown;
  for (;;) {
    const lookedAt = performance.now();
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (Date.now() > deadline) throw new Error(`waited ${deadlineMs} ms for ${what}`, { cause: lastError });
    // A look can be a whole command: no more than half of the time goes into looking.
    await delay(Math.max(10, performance.now() - lookedAt));
  }
}
