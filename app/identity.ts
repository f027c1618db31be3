import type { RequestHandler } from 'express';
import type { Pool } from '../settings/pool.ts';

/** Who answers: the pool this copy belongs to and the release it runs. */
export interface Identity {
  readonly pool: Pool;
  readonly release: string;
}

/** Puts the identity on every response, errors included, and keeps caches from answering for another pool. */
export function identify({ pool, release }: Identity): RequestHandler {
  return (_request, response, next) => {
    response.set({ 'X-App-Pool': pool, 'X-Release-Id': release, 'Cache-Control': 'no-store' });
    next();
  };
}
