import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import type { Counters } from '../report/counters.ts';
import type { AlertDelivery } from '../report/delivery.ts';
import type { Health } from '../report/health.ts';
import type { MetricsText } from './counts/prometheus.ts';

export interface Reports {
  readonly health: () => Health;
  readonly counters: () => Counters;
  /** Newest first. */
  readonly alerts: () => readonly AlertDelivery[];
  /** `GET /metrics`, for Prometheus. */
  readonly metrics: () => Promise<MetricsText>;
  /** Answers requests for the dashboard. Returns false if the path does not belong to it. */
  readonly dashboard?: (path: string, request: IncomingMessage, response: ServerResponse) => boolean;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const refusal =
  'Use an IP address, such as http://127.0.0.1:8083, localhost, or the name in DASHBOARD_URL to reach the watcher.\n';

/**
 * Serves `GET /healthz`, `GET /counters`, `GET /alerts`, `GET /metrics` and the dashboard.
 * @param url the address at which people reach the dashboard, whose host name is trusted
 */
export function serve(reports: Reports, url?: string): Server {
  const names = url === undefined ? [] : [new URL(url).hostname];
  const routes: { readonly [path: string]: () => Answer } = {
    // 503 means `degraded`.
    '/healthz': () => {
      const health = reports.health();
      return { status: health.status === 'ok' ? 200 : 503, body: health };
    },
    '/counters': () => ({ status: 200, body: reports.counters() }),
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

/**
 * Prevents DNS rebinding: a web page whose name suddenly resolves to 127.0.0.1 could read the dashboard through its visitor's
 * browser. Such a name always has a dot. An attacker cannot control IP addresses, `localhost` or container names.
 * @param host the request's Host header
 * @param names other names to trust
 */
export function isTrustedHost(host: string | undefined, names: readonly string[] = []): boolean {
  if (host === undefined || !URL.canParse(`http://${host}`)) return false;
  const { hostname, pathname, username } = new URL(`http://${host}`);
  if (pathname !== '/' || username !== '') return false;
  const name = hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(name) !== 0 || !name.includes('.') || name.endsWith('.localhost') || names.includes(name);
}
