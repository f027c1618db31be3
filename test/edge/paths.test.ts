import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EchoingEdge, refusedPage, startEchoingEdge } from '../echoing-edge.ts';
import { converse } from '../raw-client.ts';

const token = 'a-preview-token-of-32-letters_00';
let edge: EchoingEdge;

beforeAll(async () => {
  edge = await startEchoingEdge({ PREVIEW_TOKEN: token });
});

afterAll(() => edge.close());

async function ask(line: string) {
  edge.seen.length = 0;
  const [answer] = await converse(edge, `${line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  return { status: answer?.status, body: answer?.body, app: edge.seen.map((echo) => echo.trimEnd()) };
}

describe('the app gets as it was sent', () => {
  it.each([
    'GET /.bluegreen/../a',
    'GET /a/./b/../c',
    'GET /a/%2e%2e/b',
    'GET //a///b',
    'GET /a;b=c/d',
    'GET /a%2fb%5cc',
    'GET /a\\..\\b',
    'GET /a%0d%0aX-A:%20b',
    'GET /a#b',
    'GET /a?b=/../c//d?e#f',
    'GET /@patient',
    'GET /.BLUEGREEN/healthz',
    `GET /${'a'.repeat(15_000)}`,
    'PROPFIND /a',
    'LOCK /a',
    'PURGE /a',
  ])('%.60s', async (line) => {
    expect(await ask(line)).toMatchObject({ status: 200, app: [line] });
  });

  it('and decides about methods and bytes that it does not know', async () => {
    for (const line of ['FROB /a', 'GET-X_Y /a', 'GET /\xc3\xa9']) {
      const before = edge.blue.requests.length;
      // The parser of Node answers with 400 before the app sees the request.
      expect(await ask(line)).toMatchObject({ status: 400, app: [] });
      expect(edge.blue.requests).toHaveLength(before);
    }
    expect((await edge.linesFor('/\\xC3\\xA9'))[0]).toMatch(/^pool=blue .* upstream_status="400" .* status=400 /);
  });
});

describe('the edge refuses', () => {
  it.each([
    ['a path above the root', 'GET /../a'],
    ['an encoded path above the root', 'GET /a/%2e%2e/%2e%2e/%2e%2e/etc/passwd'],
    ['an encoded NUL', 'GET /a%00b'],
    ['an invalid escape', 'GET /a%zz'],
    ['half an escape', 'GET /a%'],
    ['a NUL', 'GET /a\0b'],
    ['a control character', 'GET /a\x01b'],
    ['a space', 'GET /a b'],
    ['a path without a slash', 'GET a'],
    ['the address of another server', 'GET @169.254.169.254/a'],
    ['a target with a password', 'GET http://user:password@x/a'],
    ['an asterisk', 'OPTIONS *'],
    ['an asterisk for GET', 'GET *'],
    ['a method in small letters', 'get /a'],
    ['a method in mixed letters', 'Get /a'],
  ])('%s', async (_what, line) => {
    expect(await ask(line)).toEqual({ status: 400, body: refusedPage, app: [] });
  });

  it('TRACE, which would show a cookie to a script', async () => {
    expect(await ask('TRACE /trace')).toEqual({ status: 405, body: refusedPage, app: [] });
    expect((await edge.linesFor('/trace'))[0]).toMatch(/^pool=- .* status=405 .* method=TRACE /);
  });

  it('CONNECT: it is no proxy for other servers', async () => {
    // The form that a method requires is checked by newer versions only.
    const [authority, path] = edge.nginxVersion >= '1.30' ? [405, 400] : [400, 405];
    expect(await ask('CONNECT evil.example:443')).toEqual({ status: authority, body: refusedPage, app: [] });
    expect(await ask('CONNECT /a')).toEqual({ status: path, body: refusedPage, app: [] });
  });

  it('a path of 40 KB', async () => {
    expect(await ask(`GET /${'a'.repeat(40_000)}`)).toEqual({ status: 414, body: refusedPage, app: [] });
  });
});

describe('a target in absolute form', () => {
  it.each([
    ['GET http://evil.example/a/../b', 'GET /a/../b'],
    ['GET http://evil.example', 'GET /'],
    ['GET http://evil.example?a=b', 'GET /?a=b'],
    ['GET ftp://evil.example/a', 'GET /a'],
  ])('reaches no other server: %s', async (line, seen) => {
    expect(await ask(line)).toMatchObject({ status: 200, app: [seen] });
  });
});

describe("the edge's own paths", () => {
  it.each(['50x.html', 'refused.html', 'maintenance.html', '../.bluegreen/50x.html', '%35%30x.html'])(
    'do not show its pages: %s',
    async (name) => {
      expect(await ask(`GET /.bluegreen/${name}`)).toMatchObject({ status: 404, app: [] });
      expect((await ask(`POST /x/../.bluegreen/${name}`)).status).toBe(404);
    },
  );

  it.each(['//.bluegreen/healthz', '/%2ebluegreen/healthz', '/x/../.bluegreen/healthz'])(
    'are found by other spellings, which show no more: %s',
    async (path) => {
      expect(await ask(`GET ${path}`)).toEqual({ status: 200, body: 'ok\n', app: [] });
    },
  );

  it.each([
    `../preview.${token}`,
    `./${token}`,
    `${token}/..`,
    `x/../preview.${token}`,
    `${token}%2f..`,
    `${token}%00`,
    '../../../../etc/passwd',
    '',
  ])('take no path for a preview token: %s', async (wrong) => {
    expect(await ask(`GET /.bluegreen/preview?token=${wrong}`)).toMatchObject({ status: 404, app: [] });
    const headers = `X-Bluegreen-Preview: ${wrong}\r\nCookie: bluegreen_preview=${wrong}\r\n`;
    const [answer] = await converse(edge, `GET /a HTTP/1.1\r\nHost: x\r\n${headers}Connection: close\r\n\r\n`);
    expect(answer?.status).toBe(200);
    expect((await edge.linesFor('/a')).at(-1)).toMatch(/^pool=blue /);
  });
});
