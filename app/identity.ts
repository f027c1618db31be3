import type { RequestHandler } from 'express';
import type { Pool } from '../settings/pool.ts';

/** The pool this process belongs to and the release it runs. */
export interface Identity {
  readonly pool: Pool;
  readonly release: string;
}

/** Adds the identity to every response, including errors, and keeps caches from answering in place of a pool. */
export function identify({ pool, release }: Identity): RequestHandler {
  return (_request, response, next) => {
    response.set({ 'X-App-Pool': pool, 'X-Release-Id': release, 'Cache-Control': 'no-store' });
    next();
  };
}
