import { on, once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { type SpawnedApp, spawnApp } from '../test/spawned-app.ts';

let app: SpawnedApp;

beforeAll(async () => {
  app = await spawnApp({ APP_POOL: 'green', RELEASE_ID: 'r2' });
});

afterAll(() => {
  app.process.kill('SIGKILL');
});

async function another(): Promise<SpawnedApp> {
  const spawned = await spawnApp();
  onTestFinished(() => {
    spawned.process.kill('SIGKILL');
  });
  return spawned;
}

function socketOf({ port }: SpawnedApp): WebSocket {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/socket`);
  // A socket that is terminated before it is open emits an error.
  socket.on('error', () => undefined);
  onTestFinished(() => socket.terminate());
  return socket;
}

async function opened(to: SpawnedApp): Promise<WebSocket> {
  const socket = socketOf(to);
  await once(socket, 'open');
  return socket;
}

const nextMessage = async (socket: WebSocket) => JSON.parse(String((await once(socket, 'message'))[0]));
/** The echoes of the next messages, however quickly they arrive. */
async function echoes(socket: WebSocket, count: number): Promise<string[]> {
  const received: string[] = [];
  for await (const [data] of on(socket, 'message')) {
    received.push(JSON.parse(String(data)).echo);
    if (received.length === count) break;
  }
  return received;
}
const closeCode = async (socket: WebSocket): Promise<number> => (await once(socket, 'close'))[0];

/** Sends a raw handshake and then more bytes, and returns everything received until the connection closes. */
async function rawExchange(first: string, then: Uint8Array = new Uint8Array()): Promise<Buffer> {
  const socket = connect(app.port, '127.0.0.1');
  socket.write(first);
  const chunks: Buffer[] = [];
  socket.once('data', () => socket.write(then));
  socket.on('data', (chunk) => chunks.push(chunk));
  await once(socket, 'close');
  return Buffer.concat(chunks);
}

const handshake =
  'GET /socket HTTP/1.1\r\nHost: app\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

describe('a WebSocket at /socket', () => {
  test('answers each message with the pool that received it, in order', async () => {
    const socket = await opened(app);
    const words = ['one', '', 'ünï', '"}'];
    for (const word of words) socket.send(word);
    expect(await echoes(socket, words.length)).toEqual(words);
    socket.send('who?');
    expect(await nextMessage(socket)).toEqual({ pool: 'green', release: 'r2', echo: 'who?' });
  });

  test('names pool and release in the handshake', async () => {
    const socket = socketOf(app);
    const [response] = await once(socket, 'upgrade');
    expect(response.headers).toMatchObject({ 'x-app-pool': 'green', 'x-release-id': 'r2' });
  });

  test('answers every message of a client that sends many before it reads', async () => {
    const socket = await opened(app);
    socket.pause();
    const long = 'x'.repeat(60_000);
    const sent = Array.from({ length: 200 }, (_, index) => `${index} ${long}`);
    for (const message of sent) socket.send(message);
    const received = echoes(socket, sent.length);
    socket.resume();
    expect(await received).toEqual(sent);
  });

  test.each([
    ['a message of more than 64 KiB', 'x'.repeat(64 * 1024 + 1), 1009],
    ['a binary message', Buffer.from([1, 2, 3]), 1003],
  ])('closes on %s', async (_what, data, code) => {
    const socket = await opened(app);
    socket.send(data);
    expect(await closeCode(socket)).toBe(code);
  });

  test.each([
    ['is not masked', [0x81, 0x01, 0x61], 1002],
    ['has an unknown opcode', [0x83, 0x80, 0, 0, 0, 0], 1002],
    ['announces more than the limit', [0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 1009],
    ['is not UTF-8', [0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28], 1007],
  ])('closes on a frame that %s', async (_what, bytes, code) => {
    const answer = await rawExchange(handshake, Uint8Array.from(bytes));
    // A close frame: 0x88, its length, the code.
    const frame = answer.subarray(answer.indexOf('\r\n\r\n') + 4);
    expect(frame[0]).toBe(0x88);
    expect(frame.readUInt16BE(2)).toBe(code);
    expect((await fetch(`${app.origin}/version`)).status).toBe(200);
  });
});

describe('a request that is not a handshake', () => {
  test.each([
    ['plain HTTP', 'GET /socket HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n'],
    ['another version', handshake.replace('Version: 13', 'Version: 12').replace('Upgrade\r\n', 'close\r\n')],
    ['a wrong key', handshake.replace('==', '').replace('Upgrade\r\n', 'close\r\n')],
  ])('%s is a 426 that names the pool', async (_what, request) => {
    const answer = String(await rawExchange(request));
    expect(answer).toMatch(/^HTTP\/1\.1 426 /);
    expect(answer).toContain('X-App-Pool: green');
  });

  test.each(['websocket', 'h2c'])('an offer of %s on another path is ignored', async (protocol) => {
    const socket = connect(app.port, '127.0.0.1');
    socket.write(`GET /version HTTP/1.1\r\nHost: app\r\nConnection: Upgrade, close\r\nUpgrade: ${protocol}\r\n\r\n`);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('chaos', () => {
  const chaos = async ({ origin }: SpawnedApp, what: string) => {
    expect((await fetch(`${origin}/chaos/${what}`, { method: 'POST' })).status).toBe(200);
  };

  test('applies to handshakes too', async () => {
    const broken = await another();
    await chaos(broken, 'start?mode=error');
    const [, response] = await once(socketOf(broken), 'unexpected-response');
    expect(response.statusCode).toBe(500);
    await chaos(broken, 'start?mode=reset');
    const [error] = await once(socketOf(broken), 'error');
    expect(error).toMatchObject({ code: 'ECONNRESET' });
    await chaos(broken, 'stop');
    await opened(broken);
  });

  test('slow: the handshake comes two seconds late', async () => {
    const slow = await another();
    await chaos(slow, 'start?mode=slow');
    const began = performance.now();
    await opened(slow);
    expect(performance.now() - began).toBeGreaterThan(1_900);
  });
});

describe('on SIGTERM', () => {
  test('sockets work while the app leaves, are then closed as a service restart, and the exit is clean', async () => {
    const leaving = await another();
    const sockets = [await opened(leaving), await opened(leaving)];
    const codes = sockets.map(closeCode);
    leaving.process.kill('SIGTERM');
    await leaving.logged('draining');
    for (const socket of [...sockets, await opened(leaving)]) {
      socket.send('still there?');
      expect(await nextMessage(socket)).toMatchObject({ echo: 'still there?' });
    }
    expect(await Promise.all(codes)).toEqual([1012, 1012]);
    expect(await leaving.exit).toEqual({ code: 0, signal: null });
  });

  test('a client that does not answer the close does not delay the stop', async () => {
    const leaving = await another();
    const socket = connect(leaving.port, '127.0.0.1');
    socket.write(handshake);
    await once(socket, 'data');
    const began = performance.now();
    leaving.process.kill('SIGTERM');
    expect(await leaving.exit).toEqual({ code: 0, signal: null });
    expect(performance.now() - began).toBeLessThan(6_000);
  });
});
