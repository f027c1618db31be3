import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { spawnApp } from '../test/spawned-app.ts';
import { Drain } from './drain.ts';
import { serverOptions } from './server-options.ts';

async function spawned(env: Readonly<Record<string, string>> = {}) {
  const app = await spawnApp(env);
  onTestFinished(() => {
    app.process.kill('SIGKILL');
  });
  return app;
}

const get = (path: string, extra = '') => `GET ${path} HTTP/1.1\r\nHost: app\r\n${extra}\r\n`;

function open(port: number): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  return socket;
}

/** Sends a request on a connection and returns the head of the answer. */
async function headOf(socket: Socket, request: string): Promise<string> {
  socket.write(request);
  const [head] = await once(socket, 'data');
  return String(head);
}

describe.each(['SIGTERM', 'SIGINT'] as const)('on %s', (signal) => {
  test('health checks answer draining, other requests are served, those in flight finish, and the exit is clean', async () => {
    const app = await spawned();
    const inFlight = fetch(`${app.origin}/slow?ms=1500`);
    const keptAlive = open(app.port);
    expect(await headOf(keptAlive, get('/version'))).toMatch(/^HTTP\/1\.1 200 /);

    app.process.kill(signal);
    await app.logged('draining');
    const health = await fetch(`${app.origin}/healthz`);
    expect(health.status).toBe(503);
    expect(health.headers.get('x-app-pool')).toBe('blue');
    expect(await health.json()).toEqual({ status: 'draining', pool: 'blue', release: 'dev' });
    // On an existing connection and on a new one; neither is asked to close.
    for (const socket of [keptAlive, open(app.port)]) {
      const head = await headOf(socket, get('/version'));
      expect(head).toMatch(/^HTTP\/1\.1 200 /);
      expect(head).toContain('Connection: keep-alive');
    }

    const response = await inFlight;
    expect(response.status).toBe(200);
    expect(response.headers.get('connection')).toBe('close');
    expect(await response.json()).toMatchObject({ ms: 1_500 });
    expect(await app.exit).toEqual({ code: 0, signal: null });
  });

  test('a second signal ends the app immediately, whatever is in flight', async () => {
    const app = await spawned();
    const inFlight = open(app.port);
    expect(await headOf(inFlight, get('/stream?seconds=20'))).toMatch(/^HTTP\/1\.1 200 /);
    const rest = text(inFlight);
    app.process.kill(signal);
    await app.logged('draining');
    const began = performance.now();
    app.process.kill(signal);
    expect(await app.exit).toEqual({ code: 1, signal: null });
    expect(performance.now() - began).toBeLessThan(900);
    expect(await rest).not.toContain('id: 2');
  });
});

test('requests held by chaos do not delay the stop', async () => {
  const app = await spawned();
  await fetch(`${app.origin}/chaos/start?mode=timeout`, { method: 'POST' });
  const socket = open(app.port);
  socket.write(get('/version'));
  const answer = text(socket);
  app.process.kill('SIGTERM');
  const began = performance.now();
  expect(await app.exit).toEqual({ code: 0, signal: null });
  expect(performance.now() - began).toBeLessThan(5_000);
  expect(await answer).toBe('');
});

test('a connection without any request does not delay the stop', async () => {
  const app = await spawned();
  const socket = open(app.port);
  await once(socket, 'connect');
  await fetch(`${app.origin}/version`);
  app.process.kill('SIGTERM');
  const began = performance.now();
  expect(await app.exit).toEqual({ code: 0, signal: null });
  expect(performance.now() - began).toBeLessThan(5_000);
});

describe('a drain', () => {
  async function draining(listener: RequestListener, limitMs: number) {
    const server = createServer(serverOptions);
    const drain = new Drain(server, { leaveMs: 50, limitMs });
    server.on('request', listener);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return { server, drain, port: address.port };
  }

  test('completes a response that is written but not yet read by a slow client', async () => {
    const size = 64 * 1024 * 1024;
    const { server, drain, port } = await draining((_request, response) => {
      response.setHeader('Content-Length', size);
      response.end(Buffer.alloc(size));
    }, 60_000);
    const socket = open(port);
    socket.write(get('/'));
    await once(server, 'request');

    const { promise: closing, resolve: closes } = Promise.withResolvers<void>();
    const done = drain.run(closes);
    await closing;
    let received = 0;
    socket.on('data', (chunk) => {
      received += chunk.length;
    });
    expect(await done).toBe(0);
    await once(socket, 'end');
    expect(received).toBeGreaterThan(size);
  });

  test('cuts requests that exceed the limit and returns their number', async () => {
    const { server, drain, port } = await draining(() => undefined, 200);
    const sockets = [open(port), open(port)];
    for (const socket of sockets) {
      socket.write(get('/'));
      await once(server, 'request');
    }
    const ended = sockets.map((socket) => once(socket, 'close'));
    expect(await drain.run(() => undefined)).toBe(2);
    await Promise.all(ended);
  });

  test('closes a connection after its response, even if the headers said keep-alive', async () => {
    const { drain, port } = await draining((_request, response) => {
      response.write('first half, ');
      finish = () => response.end('second half');
    }, 60_000);
    let finish: () => void = () => undefined;
    const socket = open(port);
    expect(await headOf(socket, get('/'))).toContain('Connection: keep-alive');
    const rest = text(socket);
    expect(await drain.run(() => finish())).toBe(0);
    expect(await rest).toContain('second half');
  });

  test('accepts no new connection once it is closing', async () => {
    const { drain, port } = await draining((_request, response) => response.end(), 60_000);
    await drain.run(() => undefined);
    const [error] = await once(connect(port, '127.0.0.1'), 'error');
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });
});
