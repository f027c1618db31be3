import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import type { ClientHttp2Session, IncomingHttpHeaders } from 'node:http2';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Load } from '../../proof/load/load.ts';
import type { Sample } from '../../proof/load/sample.ts';
import { eventually } from '../condition.ts';
import { type EchoingEdge, refusedPage, startEchoingEdge } from '../echoing-edge.ts';
import type { Edge } from '../edge.ts';
import { startEdge } from '../edge.ts';
import { keepGuarded } from '../guarded.ts';
import { ask, openHttp2 } from '../http2-client.ts';
import { sendRaw } from '../raw-http2.ts';
import { withStatus } from '../stand-in-pool.ts';

const DOMAINS = 'shop.example';
const kib = 1024;

describe('over HTTP/2', () => {
  let edge: Edge;
  let session: ClientHttp2Session;
  let stopBeating: () => void;

  beforeEach(async () => {
    edge = await startEdge({
      DOMAINS,
      CLIENT_MAX_CONNECTIONS: '40',
      CLIENT_MAX_UPLOADS: '1',
      CLIENT_MAX_BODY_SIZE: '512k',
    });
    stopBeating = keepGuarded(edge);
    session = openHttp2(edge);
  });

  afterEach(async () => {
    session.destroy();
    stopBeating();
    await edge.close();
  });

  it('the app sees the host with its port, the visitor, and HTTPS', async () => {
    const { status, body } = await ask(session, { 'x-forwarded-proto': 'http', 'x-forwarded-for': '203.0.113.7' });
    expect([status, body]).toEqual([200, 'blue\n']);
    expect(session.alpnProtocol).toBe('h2');
    expect(edge.blue.requests.at(-1)?.headers).toMatchObject({
      host: `shop.example:${edge.httpsPort}`,
      'x-forwarded-proto': 'https',
      'x-forwarded-for': '127.0.0.1',
    });
  });

  const failures: (readonly [string, RequestListener])[] = [
    ['an error', withStatus(500)],
    ['a reset', ({ socket }) => socket.resetAndDestroy()],
  ];
  it.each(failures)('a request that the active pool fails with %s is answered by the standby', async (_, answer) => {
    edge.blue.answer = answer;
    const { status, body } = await ask(session, {});
    expect([status, body]).toEqual([200, 'green\n']);
    expect((await edge.logLines(1))[0]).toMatch(/^pool=green .* upstream_status="50[02](, | : )200" .* status=200 /);
  });

  it('a POST reaches one pool, once, with its body', async () => {
    const bodies: string[] = [];
    edge.blue.answer = async (request, response) => {
      let received = '';
      for await (const chunk of request) received += chunk;
      bodies.push(received);
      response.writeHead(500).end('blue cannot');
    };
    const body = 'x'.repeat(300 * kib);
    const answer = await ask(session, { ':method': 'POST' }, body);
    expect([answer.status, answer.body]).toEqual([500, 'blue cannot']);
    expect(bodies).toEqual([body]);
    expect(edge.green.requests.some(({ method }) => method === 'POST')).toBe(false);
  });

  it('headers of 32 KB pass in both directions', async () => {
    const large = `a=${'c'.repeat(32 * kib - 100)}`;
    edge.blue.answer = ({ headers }, response) => response.writeHead(200, { 'X-Echo': headers.cookie ?? '' }).end('ok');
    const answer = await ask(session, { cookie: large });
    expect(answer.status).toBe(200);
    expect(answer.headers['x-echo']).toBe(large);
  });

  it('a header of more than 36 KB and headers of more than 144 KB reach no app', async () => {
    const large = { 'x-large': 'X'.repeat(37 * kib) };
    const many = Array.from({ length: 6 }, (_, index) => [`x-${index}`, 'X'.repeat(30 * kib)]);
    for (const headers of [large, Object.fromEntries(many)]) {
      const refusing = openHttp2(edge);
      // nginx ends the connection with ENHANCE_YOUR_CALM.
      await expect(ask(refusing, headers)).rejects.toThrow('code 11');
      refusing.destroy();
    }
    expect(edge.blue.requests.every(({ url }) => url === '/healthz')).toBe(true);
  });

  it.each([{}, { 'content-length': 600 * kib }])(
    'a body that is too large is refused with the page: %o',
    async (length) => {
      const { status, body } = await ask(session, { ':method': 'POST', ...length }, 'x'.repeat(600 * kib));
      expect([status, body]).toEqual([413, refusedPage]);
    },
  );

  it('each request in progress counts for the limits, though all are on one connection', async () => {
    const waiting: (() => void)[] = [];
    edge.blue.answer = (_, response) => void waiting.push(() => response.end('ok'));
    const asked = Array.from({ length: 40 }, () => ask(session, {}));
    await eventually('as many requests as are allowed', () => waiting.length === 40);
    expect((await ask(session, {})).status).toBe(429);
    for (const answer of waiting) answer();
    expect((await Promise.all(asked)).every(({ status }) => status === 200)).toBe(true);
  });

  it('an upload that does not tell its length counts as one', async () => {
    const uploads = ['a', 'b'].map((beginning) => {
      const upload = session.request({ ':path': '/', ':method': 'PUT' });
      upload.write(beginning);
      return upload;
    });
    const [refused] = (await Promise.race(uploads.map((upload) => once(upload, 'response')))) as [IncomingHttpHeaders];
    expect(refused[':status']).toBe(429);
    for (const upload of uploads) upload.close();
    expect((await ask(session, {})).status).toBe(200);
  });

  it('a reload lets requests in progress finish', async () => {
    const waiting: (() => void)[] = [];
    edge.blue.answer = (_, response) => void waiting.push(() => response.end('late'));
    const slow = ask(session, { ':path': '/slow' });
    await eventually('a request in progress', () => waiting.length === 1);
    expect((await edge.verb('reload')).exitCode).toBe(0);
    edge.blue.answer = undefined;
    const next = openHttp2(edge);
    expect((await ask(next, {})).status).toBe(200);
    next.destroy();
    for (const answer of waiting) answer();
    expect((await slow).body).toBe('late');
  });
});

it('reloads under a load over HTTP/2 lose no request, on new connections and kept ones', async () => {
  const edge = await startEdge({ DOMAINS });
  const stopBeating = keepGuarded(edge);
  try {
    const samples: Sample[] = [];
    const question = { check: 'http', path: '/', headers: {}, statuses: ['200'] } as const;
    const options = { rate: 200, clients: 3, mix: { app: 'any', question }, userAgent: 'load' } as const;
    const load = new Load({ site: { url: edge.url }, ...options }, (sample) => samples.push(sample));
    for (let reloads = 1; reloads <= 3; reloads++) {
      const answered = samples.length;
      await eventually('answers', () => samples.length > answered + 100);
      expect((await edge.verb('reload')).exitCode).toBe(0);
    }
    await load.stop();
    expect(samples.filter(({ failure }) => failure !== undefined)).toEqual([]);
  } finally {
    stopBeating();
    await edge.close();
  }
});

describe('a request over HTTP/2 that is ambiguous in HTTP/1.1', () => {
  let edge: EchoingEdge;

  beforeAll(async () => {
    edge = await startEchoingEdge({ DOMAINS });
  });

  afterAll(() => edge.close());

  afterEach(() => {
    edge.seen.length = 0;
    edge.seenHeaders.length = 0;
  });

  const head = (path: string, more: readonly (readonly [string, string])[] = [], method = 'GET') =>
    [[':method', method], [':scheme', 'https'], [':path', path], [':authority', 'shop.example'], ...more] as const;

  it('is the only one that the app sees, or is refused', async () => {
    expect(await sendRaw(edge, head('/plain'))).toBe('answered');
    expect(edge.seen).toEqual(['GET /plain ']);
    edge.seen.length = 0;
    const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n';
    const hostile: (readonly [Parameters<typeof sendRaw>[1], string?])[] = [
      [head('/te', [['transfer-encoding', 'chunked']], 'POST'), `0\r\n\r\n${smuggled}`],
      [head('/cl', [['content-length', '0']], 'POST'), smuggled],
      [
        head(
          '/cl-cl',
          [
            ['content-length', '0'],
            ['content-length', String(smuggled.length)],
          ],
          'POST',
        ),
        smuggled,
      ],
      [head('/value', [['x-a', `b\r\n\r\n${smuggled}`]])],
      [head('/name', [[`x-a: b\r\nx-evil`, 'c']])],
      [head('/space HTTP/1.1\r\nHost: evil\r\n\r\nGET /smuggled')],
      [head('/method', [], 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\nGET')],
      [head('http://evil.example/absolute')],
      [head('/authority').map(([name, value]) => [name, name === ':authority' ? 'a\r\nx-evil: b' : value] as const)],
    ];
    for (const [fields, body] of hostile) await sendRaw(edge, fields, body);
    await edge.askAsNextVisitors();
    expect(edge.seen.filter((request) => !/^POST \/(te|cl|cl-cl) /.test(request))).toEqual([]);
    expect(edge.seenHeaders.filter((headers) => 'x-evil' in headers || 'transfer-encoding' in headers)).toEqual([]);
  });

  it('names one host: that of :authority, which the app sees', async () => {
    await sendRaw(edge, head('/two', [['host', 'evil.example']]));
    for (const { host } of edge.seenHeaders) expect(host).toBe('shop.example');
    edge.seenHeaders.length = 0;
    const withHost = head('/host', [['host', 'shop.example']]).filter(([name]) => name !== ':authority');
    expect(await sendRaw(edge, withHost)).toBe('answered');
    expect(edge.seenHeaders[0]?.host).toBe('shop.example');
  });

  it('cannot take over a connection to the app as a WebSocket', async () => {
    await sendRaw(
      edge,
      head('/upgrade', [
        ['upgrade', 'websocket'],
        ['connection', 'upgrade'],
      ]),
    );
    for (const headers of edge.seenHeaders) expect(headers).not.toHaveProperty('upgrade');
    await edge.askAsNextVisitors();
  });

  it('is logged as one line', async () => {
    await sendRaw(edge, head('/logged', [['user-agent', 'x" pool=green']]));
    expect(await edge.linesFor('/logged')).toHaveLength(1);
    expect(readFileSync(edge.accessLog, 'latin1')).not.toContain('x" pool=green');
  });
});
