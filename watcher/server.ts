import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Pool } from '../settings/pool.ts';
import type { AlertReport } from './dashboard-report.ts';
import type { Health } from './health.ts';
import type { MetricsText } from './metrics.ts';
import type { PoolTraffic } from './pool-counters.ts';
import { isTrustedHost } from './trusted-host.ts';

/** One alert that was told, as `GET /alerts` has it: what it said is for the channels and the dashboard. */
export type AlertDelivery = Pick<AlertReport, 'incident' | 'delivery'>;

/** What `GET /traffic` answers, for the command line: counted since the start. */
export interface Traffic {
  readonly startedAtMs: number;
  readonly nowMs: number;
  /** What the log holds and has not been read. */
  readonly lagBytes: number;
  readonly active: Pool | null;
  readonly down: Health['down'];
  readonly pools: { readonly [pool in Pool]: PoolTraffic };
}

export interface Reports {
  readonly health: () => Health;
  readonly traffic: () => Traffic;
  /** Newest first. */
  readonly alerts: () => readonly AlertDelivery[];
  /** `GET /metrics`, for Prometheus. */
  readonly metrics: () => Promise<MetricsText>;
  /** Answers what is asked of the dashboard; false: that is not. */
  readonly dashboard?: (path: string, request: IncomingMessage, response: ServerResponse) => boolean;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const refusal =
  'The watcher answers to an address, such as http://127.0.0.1:8083, to localhost, and to the name in DASHBOARD_URL.\n';

/**
 * Serves `GET /healthz`, `GET /traffic`, `GET /alerts`, `GET /metrics` and the dashboard, and nothing else.
 * @param url where people reach it, if that is known: its name is one of ours
 */
export function serve(reports: Reports, url?: string): Server {
  const names = url === undefined ? [] : [new URL(url).hostname];
  const routes: { readonly [path: string]: () => Answer } = {
    // 503: `degraded`.
    '/healthz': () => {
      const health = reports.health();
      return { status: health.status === 'ok' ? 200 : 503, body: health };
    },
    '/traffic': () => ({ status: 200, body: reports.traffic() }),
    '/alerts': () => ({ status: 200, body: reports.alerts() }),
  };
  return createServer((request, response) => {
    request.resume();
    if (!isTrustedHost(request.headers.host, names)) {
      response.writeHead(403, { 'content-type': 'text/plain; charset=utf-8' }).end(refusal);
      return;
    }
    const path = request.url?.split('?', 1)[0] ?? '';
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
    if (route === undefined && path !== '/metrics') {
      if (reports.dashboard?.(path, request, response)) return;
      response.writeHead(404).end();
      return;
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
      return;
    }
    if (route === undefined) {
      const answer = ({ contentType, text }: MetricsText) => {
        response.writeHead(200, { 'content-type': contentType, 'cache-control': 'no-store' });
        response.end(request.method === 'HEAD' ? undefined : text);
      };
      reports.metrics().then(answer, () => response.writeHead(500).end());
      return;
    }
    const { status, body } = route();
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
    response.end(request.method === 'HEAD' ? undefined : `${JSON.stringify(body)}\n`);
  });
}
