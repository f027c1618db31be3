import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { request } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../condition.ts';
import { type Edge, startEdge } from '../edge.ts';
import { setGuarded } from '../guarded.ts';
import { withStatus } from '../stand-in-pool.ts';

let edge: Edge;

afterEach(() => edge.close());

const refused = readFileSync(join(import.meta.dirname, '../../public/refused.html'), 'utf8');

function open(bytes: string): Socket {
  const socket = connect(Number(new URL(edge.url).port), '127.0.0.1');
  socket.on('error', () => {});
  socket.write(bytes);
  return socket;
}

/** Sends bytes that no HTTP client would send; returns all that comes back until the connection ends. */
async function raw(bytes: string): Promise<string> {
  const socket = open(bytes);
  let answer = '';
  for await (const chunk of socket) answer += chunk;
  return answer;
}

/** The headers that the app receives. */
async function seen(headers: Record<string, string>) {
  const { body } = await request(edge.url, { headers });
  await body.dump();
  return edge.blue.requests.at(-1)?.headers ?? {};
}

const forged = {
  host: 'shop.example:8443',
  'x-forwarded-for': '203.0.113.7',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'evil.example',
  'x-forwarded-port': '666',
  'x-real-ip': '203.0.113.7',
  forwarded: 'for=203.0.113.7;proto=https',
};

describe('what a client says about the visitor', () => {
  it('is replaced or dropped unless it is a trusted proxy', async () => {
    edge = await startEdge();
    const headers = await seen(forged);
    expect(headers).toMatchObject({
      host: 'shop.example:8443',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-real-ip': '127.0.0.1',
    });
    for (const name of ['x-forwarded-host', 'x-forwarded-port', 'forwarded']) expect(headers).not.toHaveProperty(name);
    expect((await edge.logLines(1))[0]).toContain(' remote_addr=127.0.0.1 ');
  });

  it('is believed if it is a trusted proxy', async () => {
    edge = await startEdge({ TRUSTED_PROXIES: '10.0.0.0/8,127.0.0.1,fd00::/8' });
    expect(await seen({ ...forged, 'x-forwarded-for': '198.51.100.9, 203.0.113.7, 10.1.2.3' })).toMatchObject({
      'x-forwarded-for': '198.51.100.9, 203.0.113.7, 10.1.2.3, 127.0.0.1',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-port': '666',
      'x-real-ip': '203.0.113.7',
      forwarded: 'for=203.0.113.7;proto=https',
    });
    expect((await edge.logLines(1))[0]).toContain(' remote_addr=203.0.113.7 ');
    expect(await seen({})).toMatchObject({ 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http' });
  });

  it.each([
    ['https', 'https'],
    ['HTTPS', 'https'],
    ['wss', 'https'],
    ['WSS', 'https'],
    ['https,http', 'https'],
    ['https, http', 'https'],
    ['http,https', 'http'],
    ['ws', 'http'],
    ['gopher', 'http'],
    ['httpsx', 'http'],
  ])('X-Forwarded-Proto: %s of a trusted proxy means %s', async (said, meant) => {
    edge = await startEdge({ TRUSTED_PROXIES: '127.0.0.1' });
    expect((await seen({ 'x-forwarded-proto': said }))['x-forwarded-proto']).toBe(meant);
  });

  it.each(['trusted', '10.0.0.1,', '1.2.3.4/33', '10.0.0.0/8; evil'])(
    'cannot be trusted by the setting %j',
    async (networks) => {
      edge = await startEdge({ TRUSTED_PROXIES: networks }, { untilServing: false });
      await once(edge.process, 'exit');
      expect(edge.output()).toContain('TRUSTED_PROXIES: expected addresses and networks');
    },
  );

  it.each([
    ['http://good.example/path', 'good.example'],
    ['HTTP://good.example:8080/path?q', 'good.example:8080'],
    ['https://good.example', 'good.example'],
  ])('about the host in Host is overridden by the target %s', async (target, host) => {
    edge = await startEdge();
    expect(await raw(`GET ${target} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`)).toMatch(/ 200 OK/);
    expect(edge.blue.requests.at(-1)?.headers.host).toBe(host);
  });
});

describe('the headers of a request', () => {
  it.each([8, 16, 32])('may have %i KB, even in one cookie', async (kilobytes) => {
    edge = await startEdge();
    // Node's own limit of the answering app is 16 KiB.
    edge.blue.server.closeAllConnections();
    const cookie = 'x'.repeat(kilobytes * 1_000);
    const answer = await raw(`GET / HTTP/1.1\r\nHost: x\r\nCookie: a=${cookie}\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(kilobytes < 16 ? /^HTTP\/1.1 200 / : /^HTTP\/1.1 (200|431) /);
    expect(answer).not.toContain(refused);
  });

  it.each([
    [431, `GET / HTTP/1.1\r\nHost: x\r\nCookie: a=${'x'.repeat(40_000)}\r\n\r\n`],
    [414, `GET /${'x'.repeat(40_000)} HTTP/1.1\r\nHost: x\r\n\r\n`],
    [413, 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n'],
    [413, 'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n'],
    [400, 'GET / HTTP/1.1\r\nHost: x y\r\n\r\n'],
    [400, 'GET / HTTP/1.1\r\n\r\n'],
  ])('that cannot be taken are answered with %i and the page', async (status, bytes) => {
    edge = await startEdge();
    const answer = await raw(bytes);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toContain(refused);
  });

  it('of HTTP/0.9 do not exist, so it is refused', async () => {
    edge = await startEdge();
    await raw('GET /\r\n');
    expect(edge.blue.requests.filter(({ url }) => url !== '/healthz')).toHaveLength(0);
    expect((await edge.logLines(1))[0]).toContain(' status=400 ');
  });
});

describe('one client', () => {
  it('cannot have more requests in progress than the limit, and others can', async () => {
    edge = await startEdge({ CLIENT_MAX_CONNECTIONS: '5', TRUSTED_PROXIES: '127.0.0.1' });
    setGuarded(edge);
    edge.blue.answer = () => {};
    const from = (address: string) =>
      `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nX-Forwarded-For: ${address}\r\n`;
    const waiting = Array.from({ length: 5 }, () => open(`${from('203.0.113.7')}\r\n`));
    await eventually(
      'five requests in progress',
      () => edge.blue.requests.filter(({ method }) => method === 'POST').length === 5,
    );
    const answer = await raw(`${from('203.0.113.7')}Connection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1.1 429 /);
    expect(answer).toContain(refused);
    edge.blue.answer = undefined;
    expect(await raw(`${from('203.0.113.8')}Connection: close\r\n\r\n`)).toMatch(/^HTTP\/1.1 200 /);
    for (const socket of waiting) socket.destroy();
  });

  it.each([
    ['GET', '/', true],
    ['GET', '/assets/a.js', true],
    ['GET', '/', false],
    ['POST', '/', true],
  ] as const)(
    'is shown the page for more than the limit: %s %s, with a prober: %s',
    async (method, path, hasProber) => {
      edge = await startEdge({ CLIENT_MAX_CONNECTIONS: '1', ASSET_PATHS: '/assets/' });
      if (hasProber) setGuarded(edge);
      edge.blue.answer = () => {};
      const asked = `${method} ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`;
      const waiting = open(asked);
      await eventually('a request in progress', () => edge.blue.requests.some(({ url }) => url === path));
      const answer = await raw(asked);
      expect(answer).toMatch(/^HTTP\/1.1 429 /);
      expect(answer).toContain(refused);
      waiting.destroy();
    },
  );

  it('cannot have more unfinished uploads than the limit, and can ask for other things meanwhile', async () => {
    edge = await startEdge({ CLIENT_MAX_UPLOADS: '2' });
    setGuarded(edge);
    const upload = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\nConnection: close\r\n\r\n';
    const chunked = 'PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n10\r\n';
    // Which one of the three is one too many depends on the order in which they arrive.
    const unfinished = [open(`${upload}beginning`), open(chunked), open(upload)];
    const answers = unfinished.map(async (socket) => String((await once(socket, 'data'))[0]));
    for (const answer of answers) answer.catch(() => undefined);
    expect(await Promise.any(answers)).toMatch(/ 429 /);
    expect(await raw('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1.1 200 /);
    expect(await raw('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi')).toMatch(
      / 200 OK/,
    );
    for (const socket of unfinished) socket.destroy();
  });

  it("is shown an app's own 429 and 413 as they are", async () => {
    edge = await startEdge();
    setGuarded(edge);
    edge.blue.answer = (_, response) => response.writeHead(429, { 'Retry-After': '7' }).end('slow down');
    const answer = await request(edge.url);
    expect([answer.statusCode, answer.headers['retry-after'], await answer.body.text()]).toEqual([
      429,
      '7',
      'slow down',
    ]);
    edge.blue.answer = withStatus(413);
    expect(await (await request(edge.url, { method: 'POST', body: 'x' })).body.text()).toBe('');
  });
});

describe('no log', () => {
  it('has a query, a referrer or a token, however a request fails', async () => {
    const token = 'a-preview-token-of-32-letters_00';
    edge = await startEdge({ PREVIEW_TOKEN: token, PROXY_READ_TIMEOUT: '200ms' });
    const secret = 'hunter2';
    const headers = {
      referer: `http://x/?password=${secret}`,
      cookie: `bluegreen_preview=${token}`,
      'x-bluegreen-preview': token,
    };
    const ask = async (path: string, options: object = {}) => {
      const { body } = await request(`${edge.url}${path}?password=${secret}&token=${token}`, { headers, ...options });
      await body.dump();
    };
    for (const pool of [edge.blue, edge.green]) pool.answer = (incoming) => incoming.socket.resetAndDestroy();
    await ask('/reset');
    for (const pool of [edge.blue, edge.green]) {
      pool.answer = (_, response) => response.setHeader('X-Large', 'x'.repeat(60_000)).end();
    }
    await ask('/large');
    await Promise.all([edge.blue.close(), edge.green.close()]);
    await ask('/refused');
    await ask('/.bluegreen/preview');
    await raw(
      `POST /large?password=${secret} HTTP/1.1\r\nHost: x\r\nReferer: ${secret}\r\nContent-Length: 999999999\r\n\r\n`,
    );
    await raw(`GET /?${secret} HTTP/9.9\r\n\r\n`);
    await eventually('the message of the refused connection', () => /Connection refused/.test(edge.output()));
    const log = `${edge.output()}${(await edge.logLines(6)).join('\n')}`;
    expect(log).not.toContain(secret);
    expect(log).not.toContain(token);
    // Which pool it was is still there: a preview is for the standby.
    expect(log).toMatch(
      new RegExp(
        `Connection refused\\) while connecting to upstream, client: 127.0.0.1, .*upstream: "http://${edge.green.address}`,
      ),
    );
  });
});
