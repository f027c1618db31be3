import { createServer } from 'node:http';
import type { Logger } from 'pino';
import type { Exposition } from '../metrics/exposition.ts';
import { type Pool, pools } from '../settings/pool.ts';
import type { ProberConfig } from './config.ts';
import type { PoolProber } from './pool-prober.ts';

export interface ServerParts {
  readonly probers: ReadonlyMap<Pool, PoolProber>;
  readonly metrics: Exposition;
  readonly log: Logger;
}

/**
 * Says what the prober knows, at `/healthz` with a 503 when it has stopped looking, and at `/metrics` for Prometheus; and takes
 * at `/check/POOL` that a request to that pool has failed.
 */
export function startServer(config: ProberConfig, { probers, metrics, log }: ServerParts) {
  const { port, bindAddress, intervalMs, timeoutMs } = config;
  const staleAfterMs = 10 * (intervalMs + timeoutMs);

  function health() {
    const pools = [...probers].map(([pool, prober]) => {
      const { down, cause } = prober.verdict();
      return { pool, down, cause: down ? cause : undefined, checkedMsAgo: Date.now() - (prober.lastCheckAt() ?? 0) };
    });
    const looking = pools.every((pool) => pool.checkedMsAgo < staleAfterMs);
    return { looking, body: `${JSON.stringify({ status: looking ? 'ok' : 'stale', pools })}\n` };
  }

  function prompt(path = ''): boolean {
    const pool = pools.find((one) => path === `/check/${one}`);
    if (pool === undefined) return false;
    probers.get(pool)?.checkNow();
    return true;
  }

  const server = createServer((request, response) => {
    if (request.url === '/healthz') {
      const { looking, body } = health();
      response.writeHead(looking ? 200 : 503, { 'content-type': 'application/json' }).end(body);
    } else if (request.url === '/metrics') {
      metrics.text().then(
        ({ contentType, text }) => response.writeHead(200, { 'content-type': contentType }).end(text),
        () => response.writeHead(500).end(),
      );
    } else {
      response.writeHead(request.method === 'POST' && prompt(request.url) ? 204 : 404).end();
    }
  });
  // Nobody being able to ask is no reason to stop looking.
  server.on('error', (error) => log.error({ port, fault: error.message }, 'cannot be asked; checking all the same'));
  server.listen(port, bindAddress);
  return server;
}
