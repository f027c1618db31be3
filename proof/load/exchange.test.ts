import { once } from 'node:events';
import { Agent, createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exchange } from './exchange.ts';
import { Mix, type Task } from './mix.ts';

const question = { check: 'http', path: '/', headers: {}, statuses: ['2xx'] } as const;
const whole = JSON.stringify({ pool: 'blue' });
const head = { 'X-App-Pool': 'blue', 'Content-Length': whole.length };

const answers: { readonly [path: string]: (response: ServerResponse) => void } = {
  '/version': (response) => response.writeHead(200, head).end(whole),
  '/500': (response) => response.writeHead(500, { 'X-App-Pool': 'blue' }).end(),
  '/cut': (response) => response.writeHead(200, head).write('{', () => response.destroy()),
  '/other': (response) => response.writeHead(200, { 'X-App-Pool': 'green' }).end(whole),
  '/red': (response) => response.writeHead(200, { 'X-App-Pool': 'red' }).end(whole),
  '/unnamed': (response) => response.writeHead(200, { 'Content-Length': '{}'.length }).end('{}'),
  '/picky': (response) => response.writeHead(response.req.headers.host === 'shop.example' ? 204 : 421).end(),
  '/reset': (response) => response.req.socket.resetAndDestroy(),
  '/silent': () => undefined,
};

const server = createServer((request, response) => answers[request.url ?? '']?.(response));
let origin: URL;

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const get = (path: string, timeoutMs = 10_000): Task => ({
  ...new Mix({ app: 'demo' }).task('get', {}),
  path,
  timeoutMs,
});

describe('one request', () => {
  it.each([
    ['/version', 200, undefined],
    ['/500', 500, 'status 500'],
    ['/cut', 200, 'cut off'],
    ['/other', 200, 'wrong body'],
    ['/red', 200, 'wrong pool header'],
    ['/unnamed', 200, 'wrong pool header'],
    ['/reset', 0, 'reset'],
  ])('for %s is judged by its status, pool and body', async (path, status, failure) => {
    const answer = await exchange(new Agent(), origin, get(path)).answer;
    expect(answer.status).toBe(status);
    expect(answer.failure).toBe(failure);
  });

  it('to an app other than the demo app needs no pool header', async () => {
    const task = new Mix({ app: 'any', question: { ...question, path: '/unnamed' } }).task('get', {});
    expect((await exchange(new Agent(), origin, task).answer).failure).toBeUndefined();
  });

  it.each([
    [undefined, { host: 'shop.example' }, ['204']],
    ['status 204', { host: 'shop.example' }, ['200']],
    ['status 421', {}, ['2xx']],
  ] as const)(
    'to such an app asks what its health check asks, and is %s for %j and %j',
    async (failure, headers, statuses) => {
      const mix = new Mix({ app: 'any', question: { check: 'http', path: '/picky', headers, statuses } });
      for (const kind of ['get', 'head'] as const) {
        const { answer } = exchange(new Agent(), origin, mix.task(kind, { 'user-agent': 'proof' }));
        expect((await answer).failure).toBe(failure);
      }
    },
  );

  it('on a kept connection that is reset has a failure of its own', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect((await exchange(agent, origin, get('/version')).answer).failure).toBeUndefined();
    expect((await exchange(agent, origin, get('/reset')).answer).failure).toBe('reset on a kept connection');
  });

  it('without a response ends after the timeout', async () => {
    expect((await exchange(new Agent(), origin, get('/silent', 50)).answer).failure).toBe('no answer');
  });

  it('to a port without a listener is refused', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const url = new URL(`http://127.0.0.1:${(closed.address() as AddressInfo).port}`);
    closed.close();
    await once(closed, 'close');
    expect((await exchange(new Agent(), url, get('/version')).answer).failure).toBe('refused');
  });
});
