import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
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
 * Serves the verdicts at `/healthz`, with a 503 if the checks have stalled, and the metrics for Prometheus at `/metrics`. A
 * POST to `/check/POOL` reports that a request to this pool has failed.
 */
export function startServer(config: ProberConfig, { probers, metrics, log }: ServerParts): readonly Server[] {
  const { port, bindAddresses, intervalMs, timeoutMs } = config;
  const staleAfterMs = 10 * (intervalMs + timeoutMs);

  function health() {
    const pools = [...probers].map(([pool, prober]) => {
      const { down, cause } = prober.verdict();
      return { pool, down, cause: down ? cause : undefined, checkedMsAgo: Date.now() - (prober.lastCheckAt() ?? 0) };
    });
    const isFresh = pools.every((pool) => pool.checkedMsAgo < staleAfterMs);
    return { isFresh, body: `${JSON.stringify({ status: isFresh ? 'ok' : 'stale', pools })}\n` };
  }

  function prompt(path = ''): boolean {
    const pool = pools.find((one) => path === `/check/${one}`);
    if (pool === undefined) return false;
    probers.get(pool)?.checkNow();
    return true;
  }

  function answer(request: IncomingMessage, response: ServerResponse): void {
    if (request.url === '/healthz') {
      const { isFresh, body } = health();
      response.writeHead(isFresh ? 200 : 503, { 'content-type': 'application/json' }).end(body);
    } else if (request.url === '/metrics') {
      metrics.text().then(
        ({ contentType, text }) => response.writeHead(200, { 'content-type': contentType }).end(text),
        () => response.writeHead(500).end(),
      );
    } else {
      response.writeHead(request.method === 'POST' && prompt(request.url) ? 204 : 404).end();
    }
  }

  return bindAddresses.map((address) => {
    const server = createServer(answer);
    // The checks continue even if this server cannot listen.
    server.on('error', (error) =>
      log.error({ port, fault: error.message }, 'cannot listen; checking the pools anyway'),
    );
    return server.listen(port, address);
  });
}
