import type { RequestHandler } from 'express';
import type { Identity } from './identity.ts';
import { type Bounds, queryFault, queryNumber } from './query.ts';

const bounds: Bounds = { min: 1, max: 3_600, default: 10 };

/** Server-sent events: one per second for `seconds` seconds. */
export function stream({ pool, release }: Identity): RequestHandler {
  return (request, response) => {
    const seconds = queryNumber(request, 'seconds', bounds);
    if (seconds === undefined) {
      response.status(400).json(queryFault('seconds', bounds));
      return;
    }
    response.set({ 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
    // A HEAD gets only the headers.
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    response.write('retry: 1000\n\n');

    let event = 0;
    const timer = setInterval(() => {
      event += 1;
      response.write(`id: ${event}\ndata: ${JSON.stringify({ pool, release, event, of: seconds })}\n\n`);
      if (event === seconds) response.end();
    }, 1_000);
    response.once('close', () => clearInterval(timer));
  };
}
