import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Now } from '../../report/dashboard.ts';
import { accessLine } from '../../test/access-lines.ts';
import { eventually } from '../../test/condition.ts';
import { failover } from '../../test/sample-alerts.ts';
import { Past } from '../past/past.ts';
import { parseLine } from '../request/parse.ts';
import { serve } from '../server.ts';
import { Dashboard } from './dashboard.ts';

const directory = mkdtempSync(join(tmpdir(), 'dashboard-'));
let past: Past;
let now: Pick<Now, 'statement' | 'problems' | 'pools'> & { padding?: string };
let knownMs: () => number;
let broken: Error | undefined;
let faults: unknown[];
let server: ReturnType<typeof serve>;

const port = () => (server.address() as AddressInfo).port;
const url = (path: string) => `http://127.0.0.1:${port()}${path}`;

beforeEach(() => {
  past = new Past([], directory);
  now = { statement: { word: 'Blue' } as Now['statement'], problems: [], pools: {} as Now['pools'] };
  knownMs = Date.now;
  faults = [];
  broken = undefined;
  const nowOrFault = () => {
    if (broken !== undefined) throw broken;
    return now as Now;
  };
  const dashboard = new Dashboard(past, {
    now: nowOrFault,
    knownMs: () => knownMs(),
    fault: (error) => faults.push(error),
  });
  const nothing = () => ({}) as never;
  const metrics = async () => ({ contentType: 'text/plain', text: '' });
  const reports = { health: nothing, counters: nothing, alerts: nothing, metrics, dashboard: dashboard.answer };
  server = serve(reports, 'https://status.example.org/');
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  return promise;
});

afterEach(() => {
  server.close();
  server.closeAllConnections();
  rmSync(directory, { recursive: true, force: true });
});

/** A client that reads the stream as it arrives. */
async function listen(): Promise<{ readonly text: () => string; readonly status: number; close(): void }> {
  const abort = new AbortController();
  const response = await fetch(url('/events'), { signal: abort.signal });
  let text = '';
  void (async () => {
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) text += chunk;
  })().catch(() => undefined);
  return { text: () => text, status: response.status, close: () => abort.abort() };
}

function askAs(host: string, path = '/'): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  request({ host: '127.0.0.1', port: port(), path, headers: { host } }, (response) => {
    response.destroy();
    resolve(response.statusCode ?? 0);
  })
    .on('error', reject)
    .end();
  return promise;
}

describe('the dashboard', () => {
  it('serves the page and every file it needs, with a policy that allows nothing else', async () => {
    const page = await fetch(url('/'));
    const html = await page.text();
    const asked = [...html.matchAll(/(?:href|src)="(\/[^"#]+)"/g)].flatMap(([, path = '']) => path);
    expect(asked.length).toBeGreaterThan(4);
    const seen = new Set<string>();
    for (let path = asked.pop(); path !== undefined; path = asked.pop()) {
      if (seen.has(path)) continue;
      seen.add(path);
      if (path === '/healthz') continue;
      const file = await fetch(url(path));
      expect([path, file.status]).toEqual([path, 200]);
      expect(file.headers.get('x-content-type-options')).toBe('nosniff');
      if (path === '/dashboard/uplot.js') continue;
      for (const [, name] of (await file.text()).matchAll(/from '\.\/([^']+)'/g)) asked.push(`/dashboard/${name}`);
    }
    expect(seen.has('/dashboard/charts.js')).toBe(true);
    const policy = page.headers.get('content-security-policy') ?? '';
    for (const part of ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"]) {
      expect(policy.split('; ')).toContain(part);
    }
    expect(policy).toMatch(/; script-src 'self' 'sha256-[^' ]+';/);
    expect(policy).not.toContain('unsafe');
    expect(page.headers.get('referrer-policy')).toBe('no-referrer');
    expect(html).not.toMatch(/<style|style=|<script>.*<script>|https?:|\bon\w+=/s);
  });

  it('sends a file again only if it has changed', async () => {
    const first = await fetch(url('/dashboard/main.js'));
    const etag = first.headers.get('etag') ?? '';
    const again = await fetch(url('/dashboard/main.js'), { headers: { 'if-none-match': etag } });
    expect([again.status, await again.text()]).toEqual([304, '']);
  });

  it('serves no other file, and accepts only GET and HEAD', async () => {
    const paths = [
      '/dashboard/',
      '/dashboard/../package.json',
      '/dashboard/%2e%2e/package.json',
      '/dashboard/tsconfig.json',
    ];
    for (const path of paths) expect((await fetch(url(path))).status).toBe(404);
    for (const path of ['/', '/events', '/dashboard/main.js']) {
      const post = await fetch(url(path), { method: 'POST', body: 'x' });
      expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    }
  });

  it('rejects host names that an attacker could point at it', async () => {
    for (const path of ['/', '/events', '/dashboard/main.js', '/counters', '/metrics', '/elsewhere']) {
      const status = path === '/elsewhere' ? 404 : 200;
      expect(await askAs(`evil.example:${port()}`, path)).toBe(403);
      for (const host of [`localhost:${port()}`, 'alert_watcher:8083', 'status.example.org']) {
        expect(await askAs(host, path)).toBe(status);
      }
    }
    expect(await askAs('evil.example', '/healthz')).toBe(403);
  });

  it('sends the whole state first, changes at once, and a tick each second', async () => {
    const client = await listen();
    await eventually('the state', () => /^retry: \d+\n\nevent: state\ndata: .*"word":"Blue".*\n\n/.test(client.text()));
    const changedMs = performance.now();
    now = { ...now, statement: { word: 'Green' } as Now['statement'] };
    await eventually('the change', () => /event: tick\ndata: .*"word":"Green"/.test(client.text()));
    expect(performance.now() - changedMs).toBeLessThan(900);
    past.alerts.add(failover);
    await eventually('the alert', () => /event: tick\ndata: .*"headline":"Failover/.test(client.text()));
    const ticks = () => client.text().split('event: tick').length;
    const count = ticks();
    await eventually('two seconds', () => ticks() >= count + 2, 4_000);
    client.close();
  });

  it('sends the whole state again when more has been read than a tick carries', async () => {
    const client = await listen();
    const atMs = Date.now() - 60_000;
    await eventually('the state', () => client.text().includes('event: state'));
    expect(client.text()).not.toContain(`"fromMs":${Math.floor(atMs / 1_000)}000`);
    const event = parseLine(accessLine({ startMs: atMs - 5 }));
    if (typeof event === 'string') throw new Error(event);
    past.requests.count(event);
    await eventually('what was read', () => client.text().includes(`"fromMs":${Math.floor(atMs / 1_000)}000`));
    client.close();
  });

  it('sends the whole state again when the clock was set back', async () => {
    const client = await listen();
    const states = () => client.text().split('event: state').length - 1;
    await eventually('the state', () => states() === 1);
    knownMs = () => Date.now() - 60_000;
    await eventually('the state of another time', () => states() === 2);
    const ticks = client.text().split('event: tick').length;
    await eventually('a tick', () => client.text().split('event: tick').length > ticks);
    expect(states()).toBe(2);
    client.close();
  });

  it('survives an exception, and reports it once', async () => {
    broken = new TypeError('no words');
    for (const path of ['/events', '/events']) expect((await fetch(url(path))).status).toBe(500);
    expect(faults).toEqual([broken]);
    expect((await fetch(url('/'))).status).toBe(200);
    broken = undefined;
    const client = await listen();
    await eventually('the state', () => client.text().includes('event: state'));
    broken = new TypeError('no charts');
    await eventually('the fault', () => faults.length === 2);
    broken = undefined;
    await eventually('a tick again', () => client.text().includes('event: tick'));
    client.close();
  });

  it('rejects clients above the limit, and accepts others when some have left', async () => {
    const clients = await Promise.all(Array.from({ length: 16 }, listen));
    const tooMany = await fetch(url('/events'));
    expect([tooMany.status, tooMany.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await tooMany.text()).toContain('16 pages of the dashboard are open');
    for (const client of clients) client.close();
    await eventually('a free place', async () => {
      const client = await listen();
      client.close();
      return client.status === 200;
    });
  });

  it('disconnects a client that does not read, at a bounded amount of unread data', async () => {
    // Far more than the kernel buffers.
    now = { ...now, padding: 'x'.repeat(8_000_000) };
    const socket = connect(port(), '127.0.0.1');
    const [ours] = await once(server, 'connection');
    const closed = once(ours, 'close');
    socket.pause();
    socket.write('GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await closed;
    socket.destroy();
    const next = await fetch(url('/events'), { method: 'HEAD' });
    expect(next.status).toBe(200);
  });
});
