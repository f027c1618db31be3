import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { needsPidNamespace } from '../test/privileges.ts';
import { type SpawnedApp, spawnApp } from '../test/spawned-app.ts';

let app: SpawnedApp;

beforeAll(async () => {
  app = await spawnApp({ APP_POOL: 'blue', RELEASE_ID: 'r1' });
});

afterEach(async () => {
  await post('/chaos/stop');
});

afterAll(() => {
  app.process.kill('SIGKILL');
});

/** An app that the test may break permanently. */
async function another(
  env: Readonly<Record<string, string>> = {},
  wrapper: readonly string[] = [],
): Promise<SpawnedApp> {
  const spawned = await spawnApp(env, wrapper);
  onTestFinished(() => {
    spawned.process.kill('SIGKILL');
  });
  return spawned;
}

const post = (path: string) => fetch(app.origin + path, { method: 'POST' });

/** Sends a request and returns its connection. */
function ask(method: string, path: string): Socket {
  const socket = connect(app.port, '127.0.0.1');
  socket.write(`${method} ${path} HTTP/1.1\r\nHost: app\r\n\r\n`);
  return socket;
}

describe('the controls', () => {
  test.each(['error', 'timeout', 'slow', 'reset', 'truncate', 'crash', 'disk'])(
    'start?mode=%s confirms the mode, stop restores the app',
    async (mode) => {
      const started = await post(`/chaos/start?mode=${mode}`);
      expect(started.status).toBe(200);
      expect(started.headers.get('x-app-pool')).toBe('blue');
      expect(started.headers.get('x-release-id')).toBe('r1');
      expect(await started.json()).toEqual({ message: `Simulation mode '${mode}' activated` });
      const stopped = await post('/chaos/stop');
      expect(stopped.status).toBe(200);
      expect(await stopped.json()).toEqual({ message: 'Simulation stopped' });
      expect((await fetch(`${app.origin}/version`)).status).toBe(200);
    },
  );

  test('the default mode is error', async () => {
    const started = await post('/chaos/start');
    expect(await started.json()).toEqual({ message: "Simulation mode 'error' activated" });
    expect((await fetch(`${app.origin}/version`)).status).toBe(500);
  });

  test.each(['fire', 'ERROR', '', 'error&mode=slow'])(
    'mode "%s" is a 400 that lists the modes, and changes nothing',
    async (mode) => {
      const response = await post(`/chaos/start?mode=${mode}`);
      expect(response.status).toBe(400);
      expect(response.headers.get('x-app-pool')).toBe('blue');
      expect(await response.json()).toMatchObject({
        modes: ['error', 'timeout', 'slow', 'reset', 'truncate', 'crash', 'disk', 'block', 'oom'],
      });
      expect((await fetch(`${app.origin}/version`)).status).toBe(200);
    },
  );

  test('GET /chaos/start is a 405: a link must not break a pool', async () => {
    const response = await fetch(`${app.origin}/chaos/start`);
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
  });

  test.each([
    '/CHAOS/start',
    '/Chaos/start',
    '/chaos/START',
    '/chaos/start/',
    '//chaos/start',
    '/%63haos/start',
    '/x/../chaos/start',
  ])('%s is a 404, because the edge blocks one spelling only', async (path) => {
    const socket = connect(app.port, '127.0.0.1');
    socket.write(`POST ${path} HTTP/1.1\r\nHost: app\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 404 /);
    expect((await fetch(`${app.origin}/version`)).status).toBe(200);
  });

  test('CHAOS_ENABLED=false removes the endpoints', async () => {
    const tame = await another({ CHAOS_ENABLED: 'false' });
    for (const path of ['/chaos/start', '/chaos/stop']) {
      const response = await fetch(tame.origin + path, { method: 'POST' });
      expect(response.status).toBe(404);
      expect(response.headers.get('x-app-pool')).toBe('blue');
    }
    expect((await fetch(`${tame.origin}/version`)).status).toBe(200);
  });
});

describe('the faults', () => {
  test.each(['/version', '/healthz', '/', '/nowhere'])(
    'error: %s is a 500 that names pool and release',
    async (path) => {
      await post('/chaos/start?mode=error');
      const response = await fetch(app.origin + path);
      expect(response.status).toBe(500);
      expect(response.headers.get('x-app-pool')).toBe('blue');
      expect(response.headers.get('x-release-id')).toBe('r1');
      expect(await response.json()).toEqual({ status: 'error', message: 'Simulated error' });
    },
  );

  test('error: paths under /chaos/ are not affected', async () => {
    await post('/chaos/start?mode=error');
    expect((await post('/chaos/other')).status).toBe(404);
  });

  test('timeout: requests are accepted and never answered; stopping closes their connections', async () => {
    await post('/chaos/start?mode=timeout');
    const held = [ask('GET', '/version'), ask('GET', '/healthz'), ask('POST', '/echo')];
    const answers = held.map((socket) => text(socket));
    const early = Promise.race(answers).then(() => 'answered');
    expect(await Promise.race([early, waited(500)])).toBe('silent');
    await post('/chaos/stop');
    expect(await Promise.all(answers)).toEqual(['', '', '']);
  });

  test('timeout: starting another mode closes the held connections too', async () => {
    await post('/chaos/start?mode=timeout');
    const answer = text(ask('GET', '/version'));
    expect(await Promise.race([answer, waited(200)])).toBe('silent');
    await post('/chaos/start?mode=error');
    expect(await answer).toBe('');
  });

  test('slow: the correct answer, two seconds late', async () => {
    await post('/chaos/start?mode=slow');
    const began = performance.now();
    const response = await fetch(`${app.origin}/version`);
    expect(performance.now() - began).toBeGreaterThan(1_900);
    expect(await response.json()).toEqual({ status: 'healthy', pool: 'blue', release: 'r1' });
  });

  test('reset: the connection is reset before the headers', async () => {
    await post('/chaos/start?mode=reset');
    const socket = ask('GET', '/version');
    let received = 0;
    socket.on('data', (chunk) => {
      received += chunk.length;
    });
    const [error] = await once(socket, 'error').catch((reason: unknown) => [reason]);
    expect(error).toMatchObject({ code: 'ECONNRESET' });
    expect(received).toBe(0);
  });

  test('truncate: headers and half of the announced body, then the connection ends', async () => {
    await post('/chaos/start?mode=truncate');
    const answer = await text(ask('GET', '/version'));
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(head).toContain('X-App-Pool: blue');
    const announced = Number(/^content-length: (\d+)$/im.exec(head)?.[1]);
    expect(body.length).toBeGreaterThan(0);
    expect(announced).toBe(2 * body.length);
  });

  test('truncate: a HEAD gets its headers and loses the connection', async () => {
    await post('/chaos/start?mode=truncate');
    const answer = await text(ask('HEAD', '/version'));
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\r\n\r\n$/s);
  });

  test('disk: writes are a 500, health checks a 503, and reads work', async () => {
    await post('/chaos/start?mode=disk');
    expect((await post('/echo')).status).toBe(500);
    expect((await fetch(`${app.origin}/healthz`)).status).toBe(503);
    expect((await fetch(`${app.origin}/version`)).status).toBe(200);
  });

  test('crash: the next request kills the process and is never answered', async () => {
    const mortal = await another();
    await fetch(`${mortal.origin}/chaos/start?mode=crash`, { method: 'POST' });
    await expect(fetch(`${mortal.origin}/healthz`)).rejects.toThrow('fetch failed');
    expect(await mortal.exit).toEqual({ code: null, signal: 'SIGKILL' });
  });

  test('crash: works as PID 1 too, where the kernel ignores a SIGKILL from inside', async (context) => {
    needsPidNamespace(context);
    const pid1 = await another({}, ['unshare', '--pid', '--fork', '--kill-child']);
    await fetch(`${pid1.origin}/chaos/start?mode=crash`, { method: 'POST' });
    await expect(fetch(`${pid1.origin}/version`)).rejects.toThrow('fetch failed');
    expect(await pid1.exit).toEqual({ code: 137, signal: null });
  });
});

/** Waits long enough for an answer to arrive. */
function waited(ms: number): Promise<'silent'> {
  return new Promise((resolve) => setTimeout(resolve, ms, 'silent'));
}
