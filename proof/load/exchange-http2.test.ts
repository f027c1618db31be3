import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, createSecureServer, type Http2SecureServer, type ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { putCertificate } from '../../test/certificate.ts';
import { eventually } from '../../test/condition.ts';
import { exchangeHttp2 } from './exchange-http2.ts';
import { Http2Sessions } from './http2-sessions.ts';
import { Mix, type Task } from './mix.ts';

const whole = JSON.stringify({ pool: 'blue' });
const head = { ':status': 200, 'x-app-pool': 'blue', 'content-length': whole.length };

/** What has been asked, and on which connection. */
let asked: { readonly path: string; readonly session: unknown }[] = [];

const timesAsked = (wanted: string) => asked.filter(({ path }) => path === wanted).length;

const answers: { readonly [path: string]: (stream: ServerHttp2Stream) => void } = {
  '/version': (stream) => {
    stream.respond(head);
    stream.end(whole);
  },
  '/500': (stream) => stream.respond({ ':status': 500, 'x-app-pool': 'blue' }, { endStream: true }),
  '/cut-by-reset': (stream) => {
    stream.respond(head);
    stream.write('{', () => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
  },
  '/cut-short': (stream) => {
    stream.respond({ ...head, 'content-length': whole.length + 1 });
    stream.end(whole);
  },
  '/cut-with-its-connection': (stream) => {
    stream.respond(head);
    stream.write('{', () => stream.session?.destroy());
  },
  '/other': (stream) => {
    stream.respond({ ...head, 'x-app-pool': 'green' });
    stream.end(whole);
  },
  '/unnamed': (stream) => {
    stream.respond({ ':status': 200 });
    stream.end('{}');
  },
  '/reset': (stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR),
  '/reset-connection': (stream) => stream.session?.destroy(),
  '/refused-once': (stream) => {
    if (timesAsked('/refused-once') === 1) stream.close(constants.NGHTTP2_REFUSED_STREAM);
    else answers['/version']?.(stream);
  },
  '/refused': (stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM),
  // As nginx does when a worker ends: what it has not begun is above the last stream.
  '/unprocessed-once': (stream) => {
    if (timesAsked('/unprocessed-once') === 1) stream.session?.goaway(constants.NGHTTP2_NO_ERROR, 1);
    else answers['/version']?.(stream);
  },
  '/silent': () => undefined,
};

const directory = mkdtempSync(join(tmpdir(), 'bluegreen-http2-'));
let server: Http2SecureServer;
let sessions: Http2Sessions;

beforeAll(async () => {
  putCertificate(directory, 'shop.example');
  const pem = readFileSync(join(directory, 'live/shop.example.pem'));
  server = createSecureServer({ key: pem, cert: pem });
  server.on('stream', (stream, { ':path': path = '' }) => {
    stream.on('error', () => undefined);
    asked.push({ path, session: stream.session });
    answers[path]?.(stream);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterAll(() => {
  server.close();
  rmSync(directory, { recursive: true });
});

const portOf = (listening: { address(): unknown }) => (listening.address() as AddressInfo).port;

beforeEach(() => {
  asked = [];
  sessions = new Http2Sessions({ url: `https://shop.example:${portOf(server)}`, address: '127.0.0.1' }, 1);
});
afterEach(() => sessions.close());

const get = (path: string, timeoutMs = 10_000): Task => ({
  ...new Mix({ app: 'demo' }).task('get', {}),
  path,
  timeoutMs,
});

describe('one request over HTTP/2', () => {
  it.each([
    ['/version', 200, undefined],
    ['/500', 500, 'status 500'],
    ['/cut-by-reset', 200, 'cut off'],
    ['/cut-short', 200, 'cut off'],
    ['/cut-with-its-connection', 200, 'cut off'],
    ['/other', 200, 'wrong body'],
    ['/unnamed', 200, 'wrong pool header'],
    ['/reset', 0, 'reset'],
    ['/reset-connection', 0, 'reset'],
  ])('for %s is judged by its status, pool and body', async (path, status, failure) => {
    const answer = await exchangeHttp2(sessions, get(path)).answer;
    expect([answer.status, answer.failure]).toEqual([status, failure]);
    expect(asked).toHaveLength(1);
  });

  it.each(['/reset', '/reset-connection'])('on a kept connection has a failure of its own: %s', async (path) => {
    expect((await exchangeHttp2(sessions, get('/version')).answer).failure).toBeUndefined();
    expect((await exchangeHttp2(sessions, get(path)).answer).failure).toBe('reset on a kept connection');
  });

  it.each([
    ['/refused-once', 1],
    ['/unprocessed-once', 2],
  ])('is sent again, with its body, if the edge says that it was not processed: %s', async (path, connections) => {
    const { body } = new Mix({ app: 'demo' }).task('post', {});
    const task: Task = { ...get(path), method: 'POST', ...(body && { body }) };
    expect((await exchangeHttp2(sessions, get('/version')).answer).failure).toBeUndefined();
    expect((await exchangeHttp2(sessions, task).answer).failure).toBeUndefined();
    expect(timesAsked(path)).toBe(2);
    expect(new Set(asked.map(({ session }) => session)).size).toBe(connections);
  });

  it('fails if it is refused again and again', async () => {
    expect((await exchangeHttp2(sessions, get('/refused')).answer).failure).toBe('reset');
    expect(asked).toHaveLength(5);
  });

  it('without a response ends after the timeout, and on its own', async () => {
    const silent = exchangeHttp2(sessions, get('/silent', 50)).answer;
    const other = exchangeHttp2(sessions, get('/version')).answer;
    expect((await silent).failure).toBe('no answer');
    expect((await other).failure).toBeUndefined();
    expect(asked[0]?.session).toBe(asked[1]?.session);
  });

  it('to a port without a listener is refused', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const url = `https://127.0.0.1:${portOf(closed)}`;
    closed.close();
    await once(closed, 'close');
    const nowhere = new Http2Sessions({ url }, 1);
    expect((await exchangeHttp2(nowhere, get('/version')).answer).failure).toBe('refused');
  });
});

it('requests are spread over connections, of which there are more if many are in flight', async () => {
  sessions.close();
  sessions = new Http2Sessions({ url: `https://shop.example:${portOf(server)}`, address: '127.0.0.1' }, 2);
  const begun = Array.from({ length: 129 }, () => exchangeHttp2(sessions, get('/silent')));
  await eventually('all requests', () => asked.length === 129);
  for (const { abort } of begun) abort();
  const used = new Map<unknown, number>();
  for (const { session } of asked) used.set(session, (used.get(session) ?? 0) + 1);
  expect([...used.values()].toSorted()).toEqual([1, 64, 64]);
});
