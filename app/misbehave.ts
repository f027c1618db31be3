import type { RequestHandler } from 'express';
import { type Bounds, queryFault, queryNumber } from './query.ts';

const codes: Bounds = { min: 200, max: 599, default: 500 };
const kilobytes: Bounds = { min: 1, max: 256, default: 40 };

/** Answers with the status `code`, like a request that fails on every release. */
export const status: RequestHandler = (request, response) => {
  const code = queryNumber(request, 'code', codes);
  if (code === undefined) response.status(400).json(queryFault('code', codes));
  else response.status(code).json({ status: 'simulated', code });
};

/** Answers with `kb` kilobytes of cookies. */
export const largeHeaders: RequestHandler = (request, response) => {
  const kb = queryNumber(request, 'kb', kilobytes);
  if (kb === undefined) {
    response.status(400).json(queryFault('kb', kilobytes));
    return;
  }
  for (let index = 0; index < kb; index++)
    response.append('Set-Cookie', `large${index}=${'x'.repeat(1_000)}; Max-Age=0`);
  response.json({ status: 'simulated', kb });
};
