import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { askConnection, askHealth, Companion } from './companion.ts';

let server: Server;

afterEach(() => {
  server.close();
});

async function listen(one: Server): Promise<string> {
  server = one;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const answering = (listener: RequestListener) => listen(createHttpServer({ keepAlive: false }, listener));

it('is unknown at first, there when it answers, and gone after two failed checks', async () => {
  const address = await listen(createServer((socket) => socket.on('error', () => {})));
  const edge = new Companion(() => askConnection(address));
  expect(edge.found).toEqual({ state: 'unknown' });
  await edge.look();
  expect(edge.found).toEqual({ state: 'there' });
  server.close();
  await once(server, 'close');
  const goneMs = Date.now();
  await edge.look();
  expect(edge.found).toEqual({ state: 'there' });
  await edge.look();
  expect(edge.found).toEqual({ state: 'gone', sinceMs: expect.any(Number), why: 'ECONNREFUSED' });
  if (edge.found.state === 'gone') expect(edge.found.sinceMs).toBeGreaterThanOrEqual(goneMs);
  const again = await listen(createServer());
  const back = new Companion(() => askConnection(again));
  await back.look();
  expect(back.found).toEqual({ state: 'there' });
});

it('accepts a program that reports healthy, and rejects one that reports unhealthy or does not answer', async () => {
  await expect(askHealth(await answering((_, response) => response.end('ok')))).resolves.toBeUndefined();
  server.close();
  await expect(askHealth(await answering((_, response) => response.writeHead(503).end()))).rejects.toThrow(
    'status 503',
  );
  server.close();
  await expect(askHealth(await answering(() => {}))).rejects.toThrow('timed out');
});

it('accepts a host name, which may not resolve', async () => {
  const address = await listen(createServer());
  await expect(askConnection(address.replace('127.0.0.1', 'localhost'))).resolves.toBeUndefined();
  await expect(askConnection('health_prober.invalid:8085')).rejects.toThrow(/ENOTFOUND|EAI_AGAIN|timed out/);
});
