import { createServer } from 'node:http';
import type { Logger } from 'pino';
import type { Pool } from '../settings/pool.ts';
import type { PoolProber } from './pool-prober.ts';

/** Says on loopback what the prober knows; 503 when it has stopped looking. */
export function startHealthServer(
  port: number,
  probers: ReadonlyMap<Pool, PoolProber>,
  staleAfterMs: number,
  log: Logger,
) {
  const server = createServer((request, response) => {
    if (request.url !== '/healthz') {
      response.writeHead(404).end();
      return;
    }
    const report = [...probers].map(([pool, prober]) => {
      const { down, cause } = prober.verdict();
      return { pool, down, cause: down ? cause : undefined, checkedMsAgo: Date.now() - (prober.lastCheckAt() ?? 0) };
    });
    const looking = report.every((pool) => pool.checkedMsAgo < staleAfterMs);
    response.writeHead(looking ? 200 : 503, { 'content-type': 'application/json' });
    response.end(`${JSON.stringify({ status: looking ? 'ok' : 'stale', pools: report })}\n`);
  });
  // Nobody being able to ask is no reason to stop looking.
  server.on('error', (error) => log.error({ port, fault: error.message }, 'cannot offer the health endpoint'));
  server.listen(port, '127.0.0.1');
  return server;
}
