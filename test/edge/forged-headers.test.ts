import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type EchoingEdge, refusedPage, startEchoingEdge } from '../echoing-edge.ts';
import { converse } from '../raw-client.ts';

let edge: EchoingEdge;

beforeAll(async () => {
  edge = await startEchoingEdge();
});

afterAll(() => edge.close());

beforeEach(() => {
  edge.seen.length = 0;
  edge.seenHeaders.length = 0;
});

let cases = 0;

/** Sends headers as lines; the status, the headers that the app got, and the log line. */
async function ask(...lines: string[]) {
  const path = `/case-${cases++}`;
  const hosts = lines.some((line) => /^host:/i.test(line)) ? [] : ['Host: x'];
  const head = [`GET ${path} HTTP/1.1`, ...hosts, ...lines, 'Connection: close', '', ''].join('\r\n');
  const [answer] = await converse(edge, head);
  const [line = ''] = await edge.linesFor(path);
  return { status: answer?.status, body: answer?.body, app: edge.seenHeaders.at(-1), line };
}

/** What the edge says about a visitor without any of these headers. */
const own = {
  host: 'x',
  'x-real-ip': '127.0.0.1',
  'x-forwarded-for': '127.0.0.1',
  'x-forwarded-proto': 'http',
  'x-request-id': expect.stringMatching(/^[0-9a-f]{32}$/),
  traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/),
};

describe('never reaches the app as a visitor has sent it:', () => {
  beforeEach(() => {
    edge.blue.server.closeAllConnections();
  });

  it.each([
    'X-Forwarded-For: 203.0.113.7',
    'X-FORWARDED-FOR: 203.0.113.7',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Host: evil.example',
    'X-Forwarded-Port: 666',
    'X-Forwarded-Prefix: /evil',
    'X-Forwarded-Scheme: https',
    'X-Forwarded-Ssl: on',
    'X-Forwarded-Protocol: ssl',
    'X-Forwarded-Server: evil.example',
    'X-Real-IP: 203.0.113.7',
    'Forwarded: for=203.0.113.7;proto=https;host=evil.example',
    'X-Request-Id: mine',
    'X-Bluegreen-Preview: a-preview-token-of-32-letters_99',
    // Behind CGI and WSGI, the variable HTTP_PROXY (https://httpoxy.org).
    'Proxy: http://evil.example',
    // Behind CGI and WSGI, the same as the header with hyphens.
    'X_Forwarded_For: 203.0.113.7',
    'X_Request_Id: mine',
    'Content_Length: 5',
    'Upgrade: h2c',
    'TE: trailers',
    'Keep-Alive: timeout=999',
  ])('%s', async (line) => {
    const { status, app } = await ask(line);
    expect(status).toBe(200);
    expect(app).toEqual(own);
  });

  it('twice, or named as a header that is for the edge only', async () => {
    const twice = ['X-Forwarded-For: 203.0.113.7', 'X-Forwarded-For: 203.0.113.8', 'X-Real-IP: 1.2.3.4'];
    expect((await ask(...twice)).app).toMatchObject({ 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '127.0.0.1' });
    const { app } = await ask(
      'Connection: X-Forwarded-For, X-Real-IP, X-Request-Id, X-Forwarded-Proto, Cookie',
      'Cookie: a=b',
    );
    expect(app).toEqual({ ...own, cookie: 'a=b' });
  });
});

it('reaches the app as a trusted proxy has sent it', async () => {
  const proxied = await startEchoingEdge({ TRUSTED_PROXIES: '127.0.0.1' });
  try {
    const headers = {
      'x-forwarded-prefix': '/shop',
      'x-forwarded-scheme': 'https',
      'x-forwarded-ssl': 'on',
      'x-forwarded-protocol': 'ssl',
      'x-forwarded-server': 'proxy.example',
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    await converse(proxied, `GET / HTTP/1.1\r\nHost: x\r\n${lines.join('')}Connection: close\r\n\r\n`);
    expect(proxied.seenHeaders).toMatchObject([headers]);
  } finally {
    await proxied.close();
  }
});

describe('a Host', () => {
  it.each(['EXAMPLE.com.', 'x:8443', '[::1]:80', '*', 'x,y', "x'y"])(
    'reaches the app as it was sent: %s',
    async (host) => {
      expect(await ask(`Host: ${host}`)).toMatchObject({ status: 200, app: { host } });
    },
  );

  it.each(['', ' ', 'x/../y', 'x y', 'x..y', 'a\0b', 'x\r\nHost: y'])('is refused: %j', async (host) => {
    expect(await ask(`Host: ${host}`)).toMatchObject({ status: 400, body: refusedPage, app: undefined });
  });

  // nginx checks the characters from 1.29 on. Before, an app that uses Host must know its own names, as it should anyway.
  it.each(['x"y', '<x>', 'a@b', 'x:abc', 'x:99999999', '\xe9', 'x?y', 'x#y'])(
    'is refused by newer versions: %j',
    async (host) => {
      const { status, app } = await ask(`Host: ${host}`);
      if (edge.nginxVersion >= '1.30') expect({ status, app }).toEqual({ status: 400, app: undefined });
      else expect({ status, host: app?.host }).toEqual({ status: 200, host });
    },
  );
});

describe('an amount of headers', () => {
  it('that an app can take reaches it', async () => {
    const many = Array.from({ length: 300 }, (_, index) => `X-${index}: y`);
    const { app } = await ask(...many);
    expect(Object.keys(app ?? {}).filter((name) => /^x-\d+$/.test(name))).toHaveLength(300);
    const cookies = Array.from({ length: 100 }, (_, index) => `Cookie: c${index}=${index}`);
    expect((await ask(...cookies)).app?.cookie?.split('; ')).toHaveLength(100);
  });

  it('that is larger than four buffers is refused', async () => {
    const many = Array.from({ length: 50 }, (_, index) => `X-${index}: ${'y'.repeat(8_000)}`);
    expect(await ask(...many)).toMatchObject({ status: 431, body: refusedPage, app: undefined });
  });

  it('of ranges is for the app to judge, and the edge makes nothing of them', async () => {
    const range = `bytes=${Array.from({ length: 1_000 }, (_, index) => `${index}-`).join(',')}`;
    const { status, body, app } = await ask(`Range: ${range}`);
    expect({ status, range: app?.range }).toEqual({ status: 200, range });
    expect(body).toMatch(/^GET \/case-\d+ $/);
  });
});

describe('a log line', () => {
  it.each([
    'User-Agent: x" pool=green active=green upstream_status="500',
    'User-Agent: x\\" pool=green \\',
    'User-Agent: x\x7f\x80\xff\tpool=green',
    'X-Request-Id: x pool=green',
    'Traceparent: 00-x pool=green',
    'X-Forwarded-For: x pool=green',
    'Cookie: bluegreen_bucket=07 pool=green',
    'Referer: x" pool=green',
    'Host: x"pool=green',
  ])('cannot be forged by %s', async (forged) => {
    const { line } = await ask(forged);
    expect(line).toMatch(/^pool=(blue|-) /);
    expect(line).toMatch(/^[ -~]+$/);
    expect(line.replaceAll(/"[^"]*"/g, '""')).not.toContain('green');
  });
});
