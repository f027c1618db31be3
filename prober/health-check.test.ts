import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { healthCheck } from './health-check.ts';

const target = (port: number) =>
  ({ pool: 'blue', origin: `http://127.0.0.1:${port}`, path: '/healthz', flag: '' }) as const;

/** The cause that one check of such a pool returns. */
async function checked(answer: RequestListener, timeoutMs = 5_000): Promise<string | undefined> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const check = healthCheck(target((server.address() as AddressInfo).port), { timeoutMs, maxConcurrent: 1 });
  onTestFinished(async () => {
    await check.close();
    server.closeAllConnections();
    server.close();
  });
  return check.check();
}

describe('a health check', () => {
  it('passes if the answer arrived in time but is read late', async () => {
    const program = `
      require('node:http').createServer((_request, response) => { response.end('{}'); process.stdout.write('asked'); })
        .listen(0, '127.0.0.1', function () { process.stdout.write(String(this.address().port)); });`;
    const server = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const [port] = await once(server.stdout, 'data');
      const check = healthCheck(target(Number(port)), { timeoutMs: 200, maxConcurrent: 1 });
      // The second check is sent immediately, on the open connection.
      expect(await check.check()).toBeUndefined();
      const verdict = check.check();
      for (let count = 0; count < 3; count++) await turn();
      const busyUntil = performance.now() + 500;
      while (performance.now() < busyUntil);
      expect(await verdict).toBeUndefined();
      await check.close();
    } finally {
      server.kill('SIGKILL');
    }
  });

  it('fails with a timeout if the pool does not answer', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const check = healthCheck(target((silent.address() as AddressInfo).port), { timeoutMs: 100, maxConcurrent: 1 });
    expect(await check.check()).toBe('timeout');
    await check.close();
    silent.closeAllConnections();
    silent.close();
  });

  it.each([200, 204, 299])('passes with status %i', async (status) => {
    expect(await checked((_, response) => response.writeHead(status).end())).toBeUndefined();
  });

  it.each([300, 301, 404, 500, 503])('fails with status %i', async (status) => {
    expect(await checked((_, response) => response.writeHead(status).end('sorry'))).toBe(`status ${status}`);
  });

  it('names the prober, and requests the given path', async () => {
    let asked: unknown;
    await checked(({ method, url, headers }, response) => {
      asked = [method, url, headers['user-agent']];
      response.end();
    });
    expect(asked).toEqual(['GET', '/healthz', 'bluegreen-prober']);
  });

  it('fails if the answer is cut off', async () => {
    const breaksOff: RequestListener = (_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half');
      setImmediate(() => response.destroy());
    };
    expect(await checked(breaksOff)).toBe('answer cut off');
  });

  it('fails if the answer is not complete in time', async () => {
    expect(await checked((_, response) => response.write('half'), 100)).toBe('timeout');
  });

  it('does not wait for the end of a long answer', async () => {
    expect(await checked((_, response) => response.write('x'.repeat(100_000)))).toBeUndefined();
  });

  it('fails if the connection is reset', async () => {
    expect(await checked(({ socket }) => socket.resetAndDestroy())).toBe('connection reset');
  });

  it('fails if the connection is closed without an answer', async () => {
    expect(await checked(({ socket }) => socket.destroy())).toBe('connection reset');
  });

  it('fails if the connection is refused', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    closed.close();
    await once(closed, 'close');
    const check = healthCheck(target(port), { timeoutMs: 5_000, maxConcurrent: 1 });
    expect(await check.check()).toBe('refused');
    await check.close();
  });
});
