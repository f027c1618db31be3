import { setTimeout as delay } from 'node:timers/promises';

/**
 * Waits until `look` returns something other than undefined or false, and returns that.
 * @throws after the deadline, with `what` and the last error
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
    // A look can be a whole command. Spend at most half of the time on looks.
    await delay(Math.max(10, performance.now() - lookedAt));
  }
}
