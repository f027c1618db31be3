import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type SpawnedApp, spawnApp } from '../test/spawned-app.ts';

let app: SpawnedApp;

beforeAll(async () => {
  app = await spawnApp({ APP_POOL: 'green', RELEASE_ID: 'green-release-1.0.0' });
});

afterAll(() => {
  app.process.kill('SIGKILL');
});

const identity = { pool: 'green', release: 'green-release-1.0.0' };

function expectIdentity(response: Response): void {
  expect(response.headers.get('x-app-pool')).toBe('green');
  expect(response.headers.get('x-release-id')).toBe('green-release-1.0.0');
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(response.headers.get('x-powered-by')).toBeNull();
}

/** Sends the raw text of a request and returns everything received until the connection closes. */
async function exchange(request: string): Promise<string> {
  const socket = connect(app.port, '127.0.0.1');
  socket.write(request);
  return text(socket);
}

describe('an answer', () => {
  test('GET /version contains status, pool and release', async () => {
    const response = await fetch(`${app.origin}/version`);
    expect(response.status).toBe(200);
    expectIdentity(response);
    expect(await response.json()).toEqual({ status: 'healthy', ...identity });
  });

  test('HEAD /version has the same headers and no body', async () => {
    const answer = await exchange('HEAD /version HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).toContain('X-App-Pool: green\r\n');
    expect(answer).toContain('X-Release-Id: green-release-1.0.0\r\n');
    const { length } = await (await fetch(`${app.origin}/version`)).text();
    expect(answer).toContain(`\r\nContent-Length: ${length}\r\n`);
    expect(answer).toMatch(/\r\n\r\n$/);
  });

  test.each([
    ['the prober', {}],
    ['a visitor', { 'X-Forwarded-For': '192.0.2.1' }],
  ])('GET /healthz is 200 for %s', async (_, headers) => {
    const response = await fetch(`${app.origin}/healthz`, { headers });
    expect(response.status).toBe(200);
    expectIdentity(response);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await response.json()).toEqual({ status: 'healthy', ...identity });
  });

  test.each(['/nowhere', '/VERSION', '/Healthz', '/chaos', '/chaos/other'])(
    '%s is a 404 that names pool and release',
    async (path) => {
      const response = await fetch(app.origin + path);
      expect(response.status).toBe(404);
      expectIdentity(response);
      expect(await response.json()).toEqual({ status: 'error', message: 'Not found' });
    },
  );

  test.each(['/chaos/start', '/chaos/stop'])('POST %s through the edge is a 404', async (path) => {
    const response = await fetch(app.origin + path, { method: 'POST', headers: { 'X-Forwarded-For': '192.0.2.1' } });
    expect(response.status).toBe(404);
    expect((await fetch(`${app.origin}/version`)).status).toBe(200);
  });

  test('headers up to the limit of the edge are accepted', async () => {
    const response = await fetch(`${app.origin}/version`, { headers: { 'X-Large': 'x'.repeat(31 * 1024) } });
    expect(response.status).toBe(200);
  });

  test('a query in HEALTH_PATH is part of the check, not of the route', async () => {
    const other = await spawnApp({ HEALTH_PATH: '/ready?full=1' });
    onTestFinished(() => {
      other.process.kill('SIGKILL');
    });
    expect((await fetch(`${other.origin}/ready?full=1`)).status).toBe(200);
  });

  test('HEALTH_PATH moves the health check, even to the path of the page', async () => {
    const other = await spawnApp({ HEALTH_PATH: '/' });
    onTestFinished(() => {
      other.process.kill('SIGKILL');
    });
    const response = await fetch(other.origin);
    expect(await response.json()).toEqual({ status: 'healthy', pool: 'blue', release: 'dev' });
    expect((await fetch(`${other.origin}/healthz`)).status).toBe(404);
  });
});

describe('the page', () => {
  test('GET / is public/index.html', async () => {
    const response = await fetch(app.origin);
    expect(response.status).toBe(200);
    expectIdentity(response);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await response.text()).toBe(readFileSync(new URL('../public/index.html', import.meta.url), 'utf8'));
  });

  test('its policy allows its own style and script by digest, and nothing else', async () => {
    const response = await fetch(app.origin);
    const html = await response.text();
    const policy = response.headers.get('content-security-policy');
    for (const element of ['style', 'script']) {
      const [before, after] = [`<${element}>`, `</${element}>`].map((tag) => html.split(tag));
      expect(before).toHaveLength(2);
      expect(after).toHaveLength(2);
      const content = before?.[1]?.split(`</${element}>`)[0] ?? '';
      const digest = createHash('sha256').update(content).digest('base64');
      expect(policy).toContain(`${element}-src 'sha256-${digest}';`);
    }
    expect(policy).toMatch(/^default-src 'none';/);
    expect(policy).not.toContain('unsafe');
  });
});

describe('the routes for the proofs', () => {
  test('POST /echo returns length and digest of an upload', async () => {
    const body = randomBytes(8 * 1024 * 1024);
    const response = await fetch(`${app.origin}/echo`, { method: 'POST', body });
    expectIdentity(response);
    const sha256 = createHash('sha256').update(body).digest('hex');
    expect(await response.json()).toEqual({ bytes: body.length, sha256 });
  });

  test('an upload that the client aborts affects no other request and is not logged as a failure', async () => {
    const other = await spawnApp();
    onTestFinished(() => {
      other.process.kill('SIGKILL');
    });
    const socket = connect(other.port, '127.0.0.1');
    socket.write('POST /echo HTTP/1.1\r\nHost: app\r\nContent-Length: 1000\r\n\r\nhalf');
    socket.end();
    await text(socket);
    expect((await fetch(`${other.origin}/version`)).status).toBe(200);
    other.process.kill('SIGTERM');
    await other.exit;
    expect([...other.messages]).toEqual(['serving', 'draining', 'stopped; every request was answered']);
  });

  test('GET /slow answers after ms milliseconds, not earlier', async () => {
    const began = performance.now();
    const response = await fetch(`${app.origin}/slow?ms=300`);
    // Node's timers may fire up to a millisecond early.
    expect(performance.now() - began).toBeGreaterThanOrEqual(299);
    expect(response.status).toBe(200);
    expectIdentity(response);
  });

  test('GET /stream sends one event per second and then ends', async () => {
    const began = performance.now();
    const response = await fetch(`${app.origin}/stream?seconds=2`);
    expectIdentity(response);
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect(await response.text()).toBe(
      [
        'retry: 1000',
        `id: 1\ndata: ${JSON.stringify({ ...identity, event: 1, of: 2 })}`,
        `id: 2\ndata: ${JSON.stringify({ ...identity, event: 2, of: 2 })}`,
        '',
      ].join('\n\n'),
    );
    expect(performance.now() - began).toBeGreaterThan(1_900);
  });

  test('HEAD /stream ends immediately', async () => {
    const response = await fetch(`${app.origin}/stream?seconds=3600`, { method: 'HEAD' });
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    await response.text();
  });

  test.each([
    ['/slow?ms=60001', 'ms: expected a whole number from 0 to 60000'],
    ['/slow?ms=-1', 'ms: expected a whole number from 0 to 60000'],
    ['/slow?ms=1&ms=2', 'ms: expected a whole number from 0 to 60000'],
    ['/stream?seconds=0', 'seconds: expected a whole number from 1 to 3600'],
    ['/stream?seconds=3601', 'seconds: expected a whole number from 1 to 3600'],
    ['/stream?seconds=1.5', 'seconds: expected a whole number from 1 to 3600'],
  ])('%s is a 400 that says what was expected', async (path, message) => {
    const response = await fetch(app.origin + path);
    expect(response.status).toBe(400);
    expectIdentity(response);
    expect(await response.json()).toEqual({ status: 'error', message });
  });
});
