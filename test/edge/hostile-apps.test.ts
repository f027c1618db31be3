import type { Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type EchoingEdge, startEchoingEdge } from '../echoing-edge.ts';
import { plainAnswer, type RawApp, startRawApp } from '../raw-app.ts';
import { converse } from '../raw-client.ts';

let edge: EchoingEdge;
let app: RawApp;

beforeAll(async () => {
  app = await startRawApp();
  edge = await startEchoingEdge({
    BLUE_ADDRESS: app.address,
    PROXY_READ_TIMEOUT: '300ms',
    PROXY_LAST_TIMEOUT: '600ms',
  });
});

afterAll(async () => {
  await edge.close();
  await app.close();
});

beforeEach(() => {
  edge.seen.length = 0;
});

type Answer = string | ((socket: Socket) => void);

let cases = 0;

/** Asks while the active app answers in this way; what the visitor got, how often each pool was asked, and what was logged. */
async function ask(answer: Answer, method: 'GET' | 'POST' = 'GET') {
  const path = `/case-${cases++}`;
  app.answer = (socket, asked) => {
    // For the next visitors: an echo as of the other pool.
    if (asked !== path) socket.write(plainAnswer(`GET ${asked} `));
    else if (typeof answer === 'string') socket.write(answer, 'latin1');
    else answer(socket);
  };
  const before = app.heads.length;
  const request = `${method} ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`;
  const answers = await converse(edge, request);
  const asked = [app.heads.length - before, edge.seen.length];
  await edge.askAsNextVisitors();
  const [line = ''] = await edge.linesFor(path);
  const field = (name: string) => new RegExp(` ${name}="?([^" ]*(?: : [^" ]*)?)"?(?: |$)`).exec(line)?.[1];
  return { answers, asked, line, status: field('status'), upstream: field('upstream_status') };
}

const good = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood';
const isNewer = () => edge.nginxVersion >= '1.30';

/** Writes bytes again and again, for as long as the edge wants them. */
const endlessly =
  (beginning: string, next: () => string, everyMs: number) =>
  (socket: Socket): void => {
    socket.write(beginning);
    const timer = setInterval(() => socket.write(next()), everyMs);
    socket.on('close', () => clearInterval(timer));
  };

const withStatusLine = (line: string) => `${line}\r\nContent-Length: 4\r\n\r\n`;

/** What nginx takes for a failure in any version. */
const failures: readonly [what: string, answer: Answer][] = [
  ['closes the connection', (socket) => socket.end()],
  ['resets the connection', (socket) => socket.resetAndDestroy()],
  ['sends half a header', (socket) => socket.end('HTTP/1.1 200 OK\r\nX-A: b\r\n')],
  ['sends a NUL in a header', 'HTTP/1.1 200 OK\r\nX-A: a\0b\r\nContent-Length: 4\r\n\r\nevil'],
  ['sends a CR in a header', 'HTTP/1.1 200 OK\r\nX-A: a\rSet-Cookie: b=c\r\nContent-Length: 4\r\n\r\nevil'],
  ['folds a header', 'HTTP/1.1 200 OK\r\nX-A: a\r\n Set-Cookie: b=c\r\nContent-Length: 4\r\n\r\nevil'],
  ['sends a space before a colon', 'HTTP/1.1 200 OK\r\nContent-Length : 4\r\n\r\nevil'],
  ['sends a header without a name', 'HTTP/1.1 200 OK\r\n: a\r\nContent-Length: 4\r\n\r\nevil'],
];

/** What nginx takes for a failure from 1.23 on. Before, the visitor gets what the app has sent. */
const contradictions: readonly [what: string, answer: Answer][] = [
  ['the same length twice', 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\nevil'],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 2\r\n\r\nevil'],
  ['an invalid length', (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nevil')],
  ['a negative length', (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\nevil')],
  [
    'a length and chunks',
    `HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nevil\r\n0\r\n\r\n`,
  ],
  [
    'chunks and a length',
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n4\r\nevil\r\n0\r\n\r\n`,
  ],
  [
    'chunked twice',
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nevil\r\n0\r\n\r\n`,
  ],
  ['an unknown coding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n4\r\nevil\r\n0\r\n\r\n'],
];

describe('an app that', () => {
  it.each(failures)('%s: the other pool answers, and a POST is a 502', async (_what, answer) => {
    const got = await ask(answer);
    expect(got).toMatchObject({ asked: [1, 1], status: '200', upstream: '502 : 200' });
    expect(got.answers).toMatchObject([{ status: 200, body: expect.stringMatching(/^GET \/case-/) }]);
    const post = await ask(answer, 'POST');
    expect(post).toMatchObject({ answers: [{ status: 502 }], asked: [1, 1], status: '502', upstream: '502' });
  });

  it.each(contradictions)('sends %s: the other pool answers, from nginx 1.23 on', async (_what, answer) => {
    const { answers, asked, upstream } = await ask(answer);
    if (isNewer()) {
      expect({ asked, upstream }).toEqual({ asked: [1, 1], upstream: '502 : 200' });
      expect(answers).toMatchObject([{ status: 200, body: expect.stringMatching(/^GET \/case-/) }]);
    } else {
      expect({ asked, upstream }).toEqual({ asked: [1, 0], upstream: '200' });
      expect(answers).toMatchObject([{ status: 200, body: expect.stringMatching(/^ev(il)?$/) }]);
    }
  });

  it.each([
    ['headers', endlessly('HTTP/1.1 200 OK\r\nX-A: ', () => 'x', 50)],
    ['a status line', endlessly('HTTP/1.1 200 ', () => 'O', 50)],
  ] as const)('drips %s is late, however often it writes', async (_what, answer) => {
    const startedAt = performance.now();
    expect(await ask(answer)).toMatchObject({ asked: [1, 1], status: '200', upstream: '504 : 200' });
    expect(await ask(answer, 'POST')).toMatchObject({ asked: [1, 1], status: '504', upstream: '504' });
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });

  it('sends headers without end is a clear error, after 36 KB', async () => {
    const answer = endlessly('HTTP/1.1 200 OK\r\n', () => `X-A: ${'x'.repeat(8_000)}\r\n`, 1);
    const got = await ask(answer);
    expect(got).toMatchObject({ answers: [{ status: 502 }], asked: [1, 0], status: '502' });
    expect(got.line).toContain(' fault="headers too big"');
  });
});

/** No version of nginx takes these for a failure: it passes them on, and its log is where they show. */
const noHttp: readonly [what: string, answer: Answer, status: string][] = [
  ['a status of letters', (socket) => socket.end(withStatusLine('HTTP/1.1 abc OK')), '009'],
  ['a status of two digits', (socket) => socket.end(withStatusLine('HTTP/1.1 20 OK')), '009'],
  ['a status of four digits', (socket) => socket.end(withStatusLine('HTTP/1.1 2000 OK')), '009'],
  ['status 099', `${withStatusLine('HTTP/1.1 099 OK')}evil`, '099'],
  ['status 000', `${withStatusLine('HTTP/1.1 000 OK')}evil`, '000'],
  ['plain bytes', (socket) => socket.end('plain bytes\n'), '009'],
  ['plain bytes and no more', 'plain bytes\n', '009'],
  ['the greeting of SSH', (socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'), '009'],
  ['an alert of TLS', (socket) => socket.end('\x15\x03\x01\x00\x02\x02\x46'), '009'],
  ['only 100 Continue', (socket) => socket.end('HTTP/1.1 100 Continue\r\n\r\n'), '100'],
  ['only 100 Continue, and keeps the connection', 'HTTP/1.1 100 Continue\r\n\r\n', '100'],
  ['100 Continue before the answer', `HTTP/1.1 100 Continue\r\n\r\n${good}`, '100'],
  ['102 Processing before the answer', `HTTP/1.1 102 Processing\r\n\r\n${good}`, '102'],
];

describe('bytes that are no answer', () => {
  it.each(noHttp)('%s: have a status in the log that is none', async (_what, answer, logged) => {
    for (const method of ['GET', 'POST'] as const) {
      const { answers, asked, status } = await ask(answer, method);
      expect({ asked, status }).toEqual({ asked: [1, 0], status: logged });
      expect(answers.filter(({ status }) => status >= 200)).toEqual([]);
    }
  });

  it('may be 101 that nobody has asked for: they end with the connection', async () => {
    const answer = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nevil';
    expect(await ask((socket) => socket.end(answer))).toMatchObject({ asked: [1, 0], status: '101', upstream: '101' });
  });

  it('do not include 103 Early Hints, from nginx 1.29 on', async () => {
    const { answers, status, upstream } = await ask(
      `HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n${good}`,
    );
    // 1.30 drops the hints. It logs their status as that of the attempt, though the answer was a good one.
    expect(upstream).toBe('103');
    expect(status).toBe(isNewer() ? '200' : '103');
    expect(answers.map(({ body }) => body)).toEqual([isNewer() ? 'good' : '']);
  });
});

describe('what comes after an answer on a kept connection', () => {
  const poison = plainAnswer('poison');

  it.each<[string, Answer]>([
    ['a second answer', good + poison],
    ['a second answer later', (socket) => socket.write(good, () => setImmediate(() => socket.write(poison)))],
    [
      'a second answer after chunks',
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngood\r\n0\r\n\r\n${poison}`,
    ],
    ['a body of 204', `HTTP/1.1 204 No Content\r\nContent-Length: ${poison.length}\r\n\r\n${poison}`],
    ['a body of 304', `HTTP/1.1 304 Not Modified\r\n\r\n${poison}`],
  ])('never reaches the next visitor: %s', async (_what, answer) => {
    const { answers, asked } = await ask(answer);
    expect(asked).toEqual([1, 0]);
    expect(answers).toHaveLength(1);
    expect(['good', '']).toContain(answers[0]?.body);
  });

  it('is a new connection if the app closes each one', async () => {
    for (let count = 0; count < 5; count++)
      expect(await ask((socket) => socket.end(good))).toMatchObject({ asked: [1, 0], upstream: '200', status: '200' });
  });
});

describe('a body', () => {
  it('that is shorter than announced ends with the connection, and its line shows the lack', async () => {
    for (const answer of [
      (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nevil'),
      'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nevil',
    ]) {
      const { asked, line } = await ask(answer);
      expect(asked).toEqual([1, 0]);
      expect(line).toMatch(/ upstream_length="4" upstream_content_length="10" /);
    }
  });

  it.each<[string, Answer]>([
    ['is cut off', (socket) => socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nevil\r\n')],
    ['has an invalid size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nevil\r\n0\r\n\r\n'],
    ['has a size that overflows', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff4\r\nevil\r\n'],
    [
      'has an extension without end',
      endlessly('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;', () => 'x'.repeat(1_000), 400),
    ],
  ])('in chunks that %s is not made whole for the visitor', async (_what, answer) => {
    const { answers, asked } = await ask(answer);
    expect(asked).toEqual([1, 0]);
    // The chunk that ends a body is missing.
    expect(JSON.stringify(answers)).not.toContain('0\\r\\n\\r\\n');
  });
});

describe('a header for the edge', () => {
  it('is not obeyed: X-Accel-*', async () => {
    const startedAt = performance.now();
    const { answers, asked } = await ask(
      'HTTP/1.1 200 OK\r\nX-Accel-Redirect: /again\r\nX-Accel-Limit-Rate: 1\r\nX-Accel-Charset: koi8-r\r\n' +
        'X-Accel-Expires: 9\r\nX-Accel-Buffering: no\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\ngood',
    );
    expect(asked).toEqual([1, 0]);
    expect(answers).toMatchObject([{ status: 200, body: 'good' }]);
    expect(answers[0]?.head).toMatch(/^Content-Type: text\/html$/m);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it('cannot forge a log line', async () => {
    const { line } = await ask(
      'HTTP/1.1 200 OK\r\nX-Release-Id: a" pool=green\r\nX-App-Pool: green\r\nX-Request-Id: b" pool=green\r\nContent-Length: 4\r\n\r\ngood',
    );
    expect(line).toMatch(/^pool=blue release=- active=blue /);
    expect(line.replaceAll(/"[^"]*"/g, '""')).not.toContain('green');
  });

  it.each([400, 403, 404, 405, 413, 414, 418, 420, 429, 431, 444, 494, 499, 501, 505, 599, 999])(
    'has a status of its own, which is passed on: %i',
    async (status) => {
      for (const method of ['GET', 'POST'] as const) {
        const got = await ask(`HTTP/1.1 ${status} Mine\r\nContent-Length: 4\r\n\r\ngood`, method);
        expect(got).toMatchObject({ answers: [{ status, body: 'good' }], asked: [1, 0], status: String(status) });
      }
    },
  );
});
