import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Chaos } from './chaos.ts';
import type { AppConfig } from './config.ts';
import type { Drain } from './drain.ts';

/**
 * Answers the checks of the prober, ten times a second, with a third less work than the routes do. Returns false for every other
 * request, also for a health check that a visitor sends or that chaos applies to.
 */
export function healthShortcut({ pool, release, healthPath }: AppConfig, chaos: Chaos, drain: Drain) {
  const body = JSON.stringify({ status: 'healthy', pool, release });
  const headers = {
    'X-App-Pool': pool,
    'X-Release-Id': release,
    'Cache-Control': 'no-store',
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
  };
  return ({ method, url, headers: sent }: IncomingMessage, response: ServerResponse): boolean => {
    const isCheck = method === 'GET' && url === healthPath && sent['x-forwarded-for'] === undefined;
    if (!isCheck || chaos.mode !== undefined || drain.phase !== 'serving') return false;
    response.writeHead(200, headers).end(body);
    return true;
  };
}
