import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { eventually } from '../test/condition.ts';
import { healthCheck } from './check.ts';
import { healthQuestion, type QuestionSettings } from './question.ts';

const question = (settings: Partial<QuestionSettings> = {}) =>
  healthQuestion({ check: 'http', path: '/healthz', host: undefined, proto: 'http', statuses: ['2xx'], ...settings });
const checkOf = (port: number, timeoutMs: number, settings?: Partial<QuestionSettings>, stayMs?: number) =>
  healthCheck(`http://127.0.0.1:${port}`, question(settings), { timeoutMs, stayMs });

/** The cause that one check of such a pool returns. */
async function checked(
  answer: RequestListener,
  timeoutMs = 5_000,
  settings?: Partial<QuestionSettings>,
): Promise<string | undefined> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const check = checkOf((server.address() as AddressInfo).port, timeoutMs, settings);
  onTestFinished(() => {
    check.close();
    server.closeAllConnections();
    server.close();
  });
  return check.check();
}

/** The same for a pool that speaks no HTTP. */
async function connected(
  listener: (socket: Socket) => void,
  settings: Partial<QuestionSettings>,
  stayMs?: number,
): Promise<string | undefined> {
  const server = createTcpServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket.on('error', () => {})));
  const check = checkOf((server.address() as AddressInfo).port, 5_000, settings, stayMs);
  onTestFinished(() => {
    check.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return check.check();
}

describe('a health check', () => {
  it('passes if the answer arrived in time but is read late', async () => {
    const program = `
      require('node:http').createServer((_request, response) => { response.end('{}'); process.stdout.write('asked'); })
        .listen(0, '127.0.0.1', function () { process.stdout.write(String(this.address().port)); });`;
    const server = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const [port] = await once(server.stdout, 'data');
      const check = checkOf(Number(port), 200);
      // The second check is sent immediately, on the open connection.
      expect(await check.check()).toBeUndefined();
      const verdict = check.check();
      for (let count = 0; count < 3; count++) await turn();
      const busyUntil = performance.now() + 500;
      while (performance.now() < busyUntil);
      expect(await verdict).toBeUndefined();
      check.close();
    } finally {
      server.kill('SIGKILL');
    }
  });

  it('fails with a timeout if the pool does not answer', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const check = checkOf((silent.address() as AddressInfo).port, 100);
    expect(await check.check()).toBe('timeout');
    check.close();
    silent.closeAllConnections();
    silent.close();
  });

  it.each([200, 204, 299])('passes with status %i', async (status) => {
    expect(await checked((_, response) => response.writeHead(status).end())).toBeUndefined();
  });

  it.each([300, 301, 404, 500, 503])('fails with status %i', async (status) => {
    expect(await checked((_, response) => response.writeHead(status).end('sorry'))).toBe(`status ${status}`);
  });

  it('names the prober, and requests the given path', async () => {
    let asked: unknown;
    await checked(({ method, url, headers }, response) => {
      asked = [method, url, headers['user-agent']];
      response.end();
    });
    expect(asked).toEqual(['GET', '/healthz', 'bluegreen-prober']);
  });

  it('fails if the answer is cut off', async () => {
    const breaksOff: RequestListener = (_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half');
      setImmediate(() => response.destroy());
    };
    expect(await checked(breaksOff)).toBe('answer cut off');
  });

  it('fails if the answer is not complete in time', async () => {
    expect(await checked((_, response) => response.write('half'), 100)).toBe('timeout');
  });

  it('fails with a timeout if an answer that would fail is not complete in time', async () => {
    expect(await checked((_, response) => response.writeHead(500).write('half'), 100)).toBe('timeout');
  });

  it('does not wait for the end of a long answer', async () => {
    expect(await checked((_, response) => response.write('x'.repeat(100_000)))).toBeUndefined();
  });

  it('fails if the connection is reset', async () => {
    expect(await checked(({ socket }) => socket.resetAndDestroy())).toBe('connection reset');
  });

  it('fails if the connection is closed without an answer', async () => {
    expect(await checked(({ socket }) => socket.destroy())).toBe('connection reset');
  });

  it('fails if the connection is refused', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    closed.close();
    await once(closed, 'close');
    const check = checkOf(port, 5_000);
    expect(await check.check()).toBe('refused');
    check.close();
  });
});

describe('what a health check asks', () => {
  it('can be for the host and the protocol of the site, with a query', async () => {
    let asked: unknown;
    const settings = { path: '/health?full=1', host: 'shop.example', proto: 'https' } as const;
    const cause = await checked(
      ({ url, headers }, response) => {
        asked = [url, headers.host, headers['x-forwarded-proto']];
        response.end();
      },
      5_000,
      settings,
    );
    expect([cause, asked]).toEqual([undefined, ['/health?full=1', 'shop.example', 'https']]);
  });

  it.each([
    ['status 400', {}],
    [undefined, { host: 'shop.example' }],
  ])('is answered %s by an app that checks Host, for %j', async (cause, settings) => {
    const checksHost: RequestListener = ({ headers }, response) =>
      response.writeHead(headers.host === 'shop.example' ? 200 : 400).end();
    expect(await checked(checksHost, 5_000, settings)).toBe(cause);
  });

  it.each([
    ['status 301', {}],
    [undefined, { proto: 'https' }],
    [undefined, { statuses: ['2xx', '301'] }],
  ] as const)(
    'is answered %s by an app that forces HTTPS, for %j; no redirect is followed',
    async (cause, settings) => {
      let requests = 0;
      const forcesHttps: RequestListener = ({ headers }, response) => {
        requests++;
        const isSecure = headers['x-forwarded-proto'] === 'https';
        response.writeHead(isSecure ? 200 : 301, isSecure ? {} : { location: '/' }).end();
      };
      expect(await checked(forcesHttps, 5_000, settings)).toBe(cause);
      expect(requests).toBe(1);
    },
  );

  it.each([
    [401, ['2xx'], 'status 401'],
    [401, ['200', '204', '401'], undefined],
    [404, ['4xx'], undefined],
    [200, ['4xx'], 'status 200'],
  ] as const)('is %i, which with HEALTH_STATUS=%j gives %s', async (status, statuses, cause) => {
    expect(await checked((_, response) => response.writeHead(status).end(), 5_000, { statuses })).toBe(cause);
  });

  it('is not answered by an app that speaks no HTTP', async () => {
    expect(await connected((socket) => socket.end('hello\n'), {})).toBe('not HTTP');
  });
});

describe('a TCP check', () => {
  const tcp = { check: 'tcp' } as const;

  it('passes with a connection, whatever the app says then', async () => {
    expect(await connected(() => {}, tcp)).toBeUndefined();
    expect(await connected((socket) => socket.end('hello\n'), tcp)).toBeUndefined();
    expect(await connected(() => {}, tcp, 20)).toBeUndefined();
  });

  it('fails if the connection is closed at once although it should stay', async () => {
    expect(await connected((socket) => socket.destroy(), tcp, 2_000)).toBe('connection closed');
  });

  it('fails if the connection is refused', async () => {
    const check = checkOf(1, 5_000, tcp);
    expect(await check.check()).toBe('refused');
    check.close();
  });
});

/** What the pool does with each of its requests; it has one list for each connection. */
type Deed = (socket: Socket) => void;

/** A pool that speaks for itself, and how many connections it has taken. */
async function scripted(...connections: readonly (readonly Deed[])[]) {
  const left = connections.map((deeds) => [...deeds]);
  const sockets: Socket[] = [];
  const server = createTcpServer((socket) => {
    const deeds = left[sockets.length] ?? [];
    sockets.push(socket.on('error', () => {}));
    socket.on('data', () => deeds.shift()?.(socket));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const check = checkOf((server.address() as AddressInfo).port, 5_000);
  onTestFinished(() => {
    check.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { check: () => check.check(), sockets };
}

describe('the connection of a health check', () => {
  const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
  const says =
    (text: string): Deed =>
    (socket) =>
      socket.write(text);
  const closes: Deed = (socket) => socket.end();
  const resets: Deed = (socket) => socket.resetAndDestroy();

  it('is kept for the next check', async () => {
    const { check, sockets } = await scripted([says(answer), says(answer), says(answer)]);
    for (let count = 0; count < 3; count++) expect(await check()).toBeUndefined();
    expect(sockets).toHaveLength(1);
  });

  it('is one of several if checks are in flight at the same time', async () => {
    const { check, sockets } = await scripted([says(answer), says(answer)], [says(answer), says(answer)]);
    for (let count = 0; count < 2; count++)
      expect(await Promise.all([check(), check()])).toEqual([undefined, undefined]);
    expect(sockets).toHaveLength(2);
  });

  it.each([
    ['answers with Connection: close', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok'],
    ['answers in HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok'],
    ['sends more than it announced', `${answer}!`],
    ['answers twice', answer + answer],
  ])('is a new one after the pool %s', async (_, text) => {
    const { check, sockets } = await scripted([says(text), says(answer)], [says(answer)]);
    for (let count = 0; count < 2; count++) expect(await check()).toBeUndefined();
    expect(sockets).toHaveLength(2);
  });

  it('is a new one if the pool has sent something that nobody asked for', async () => {
    const { check, sockets } = await scripted([says(answer), says(answer)], [says(answer)]);
    expect(await check()).toBeUndefined();
    sockets[0]?.write(answer);
    await eventually('the end of the connection', () => sockets[0]?.destroyed === true);
    expect(await check()).toBeUndefined();
    expect(sockets).toHaveLength(2);
  });

  it.each([
    ['closes', closes],
    ['resets', resets],
  ])('is a new one, for the same check, if the pool %s the kept one in place of an answer', async (_, ends) => {
    const { check, sockets } = await scripted([says(answer), ends], [says(answer)]);
    expect(await check()).toBeUndefined();
    expect(await check()).toBeUndefined();
    expect(sockets).toHaveLength(2);
  });

  it('is not tried again if it was new', async () => {
    const { check, sockets } = await scripted([resets], [says(answer)]);
    expect(await check()).toBe('connection reset');
    expect(sockets).toHaveLength(1);
  });

  it('is a new one after four seconds without a check', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const { check, sockets } = await scripted([says(answer), says(answer)], [says(answer)]);
    await check();
    vi.advanceTimersByTime(3_999);
    await check();
    expect(sockets).toHaveLength(1);
    vi.advanceTimersByTime(4_001);
    expect(await check()).toBeUndefined();
    expect(sockets).toHaveLength(2);
    await eventually('the end of the first one', () => sockets[0]?.destroyed === true);
  });

  it('is not tried a third time', async () => {
    const { check, sockets } = await scripted([says(answer), resets], [resets], [says(answer)]);
    expect(await check()).toBeUndefined();
    expect(await check()).toBe('connection reset');
    expect(sockets).toHaveLength(2);
  });

  it('is not tried again if the pool broke off after the beginning of an answer', async () => {
    const begins: Deed = (socket) => socket.end('HTTP/1.1 2');
    const { check, sockets } = await scripted([says(answer), begins], [says(answer)]);
    expect(await check()).toBeUndefined();
    expect(await check()).toBe('connection reset');
    expect(sockets).toHaveLength(1);
  });

  it('may end with the answer, if that has no length', async () => {
    const { check } = await scripted([(socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nhello')]);
    expect(await check()).toBeUndefined();
  });

  it('may not be reset before the end of such an answer', async () => {
    const breaksOff: Deed = (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\nhel', () => setImmediate(() => socket.resetAndDestroy()));
    };
    const { check } = await scripted([breaksOff]);
    expect(await check()).toBe('answer cut off');
  });

  it.each([
    ['header too long', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(1_000_000)}`],
    ['not HTTP', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\ngarbage\r\n'],
    ['status 500', 'HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\ngarbage\r\n'],
    ['status 101', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
  ])('is closed at once by a check that fails with %s', async (cause, text) => {
    const { check, sockets } = await scripted([says(text)]);
    expect(await check()).toBe(cause);
    await eventually('the end of the connection', () => sockets[0]?.destroyed === true);
  });
});
