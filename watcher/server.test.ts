import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Counters } from '../report/counters.ts';
import type { Health } from '../report/health.ts';
import { isTrustedHost, serve } from './server.ts';

const counters = { startedAtMs: 1, nowMs: 2 } as Counters;
let status: Health['status'] = 'ok';
const metrics = async () => ({ contentType: 'text/plain; version=0.0.4', text: 'up 1\n' });
const server = serve({ health: () => ({ status }) as Health, counters: () => counters, alerts: () => [], metrics });

const ask = (path: string, method = 'GET') => {
  const { port } = server.address() as AddressInfo;
  return fetch(`http://127.0.0.1:${port}${path}`, { method });
};

beforeEach(() => {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  return promise;
});

afterEach(() => {
  server.close();
  server.closeAllConnections();
});

it('answers by the path alone', async () => {
  expect(await (await ask('/counters?now')).json()).toEqual(counters);
  expect((await ask('/healthz')).status).toBe(200);
  status = 'degraded';
  expect((await ask('/healthz')).status).toBe(503);
  const head = await ask('/counters', 'HEAD');
  expect([head.status, await head.text()]).toEqual([200, '']);
});

it('answers Prometheus in its own format', async () => {
  const response = await ask('/metrics?from=prometheus');
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4']);
  expect(await response.text()).toBe('up 1\n');
  expect(await (await ask('/metrics', 'HEAD')).text()).toBe('');
  expect((await ask('/metrics', 'POST')).status).toBe(405);
});

it('refuses everything else', async () => {
  for (const path of ['/', '/toString', '/counters/', '/healthz/x']) expect((await ask(path)).status).toBe(404);
  const post = await ask('/counters', 'POST');
  expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});

it('trusts IP addresses, localhost, names without a dot, and configured names', () => {
  const trusted = [
    '127.0.0.1:8083',
    '10.1.2.3',
    '[::1]:8083',
    'localhost:8083',
    'dash.localhost',
    'alert_watcher:8083',
  ];
  for (const host of trusted) expect([host, isTrustedHost(host)]).toEqual([host, true]);
  expect(isTrustedHost('status.example.org', ['status.example.org'])).toBe(true);
});

it('trusts no name that somebody else could own, and no invalid name', () => {
  const others = ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:8083', 'a@b', 'x/y', '', undefined];
  for (const host of others) expect([host, isTrustedHost(host)]).toEqual([host, false]);
});
