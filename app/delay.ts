import type { Response } from 'express';

/** Calls `answer` after a while, unless the client has gone by then. */
export function answerAfter(response: Response, delayMs: number, answer: () => void): void {
  const timer = setTimeout(answer, delayMs);
  response.once('close', () => clearTimeout(timer));
}
