import type { Response } from 'express';

/** Calls `answer` after the delay, unless the client disconnects first. */
export function answerAfter(response: Response, delayMs: number, answer: () => void): void {
  const timer = setTimeout(answer, delayMs);
  response.once('close', () => clearTimeout(timer));
}
