import type { RequestHandler } from 'express';
import { answerAfter } from './delay.ts';
import type { Identity } from './identity.ts';
import { type Bounds, queryFault, queryNumber } from './query.ts';

const bounds: Bounds = { min: 0, max: 60_000, default: 1_000 };

/** Answers after `ms` milliseconds, like a request that does real work. */
export function slow({ pool, release }: Identity): RequestHandler {
  return (request, response) => {
    const ms = queryNumber(request, 'ms', bounds);
    if (ms === undefined) {
      response.status(400).json(queryFault('ms', bounds));
      return;
    }
    answerAfter(response, ms, () => response.json({ status: 'healthy', pool, release, ms }));
  };
}
