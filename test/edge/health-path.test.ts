import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { type Edge, startEdge } from '../edge.ts';
import { setGuarded } from '../guarded.ts';

let edge: Edge;

beforeEach(async () => {
  edge = await startEdge({ HEALTH_PATH: '/', PROXY_READ_TIMEOUT: '200ms' });
  setGuarded(edge);
});

afterEach(() => edge.close());

async function statusOf(path: string): Promise<number> {
  const { statusCode, body } = await request(edge.url + path);
  await body.dump();
  return statusCode;
}

it('HEALTH_PATH=/ does not open the site during maintenance', async () => {
  expect(await statusOf('/')).toBe(200);
  await edge.verb('maintenance', 'on');
  expect(await statusOf('/')).toBe(503);
  expect(await statusOf('/.bluegreen/healthz')).toBe(200);
});

it('HEALTH_PATH=/ does not cut off a silent WebSocket at /', async () => {
  const sockets = new WebSocketServer({ server: edge.blue.server });
  sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(`echo ${data}`)));
  const socket = new WebSocket(edge.url.replace('http', 'ws'));
  await once(socket, 'open');
  // Longer than the first attempt of a GET waits: this pause is what is tested.
  await delay(700);
  socket.send('hello');
  expect(String((await once(socket, 'message'))[0])).toBe('echo hello');
  socket.close();
  await once(socket, 'close');
});

it('HEALTH_PATH with a query is asked as it is when no prober guards the pools', async () => {
  await edge.close();
  edge = await startEdge({ HEALTH_PATH: '/health?full=1', HEALTH_HOST: 'shop.example', HEALTH_PROTO: 'https' });
  expect(await statusOf('/.bluegreen/healthz?mine=2')).toBe(200);
  const asked = edge.blue.requests.filter(({ url }) => url?.startsWith('/health'));
  expect(new Set(asked.map(({ url, headers }) => `${url} ${headers.host} ${headers['x-forwarded-proto']}`))).toEqual(
    new Set(['/health?full=1 shop.example https']),
  );
  expect(asked.length).toBeGreaterThanOrEqual(2);
});
