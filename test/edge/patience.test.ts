import { once } from 'node:events';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Edge, startEdge } from '../edge.ts';
import { setGuarded } from '../guarded.ts';
import { type StandInPool, withStatus } from '../stand-in-pool.ts';

let edge: Edge;

beforeEach(async () => {
  edge = await startEdge({ PROXY_READ_TIMEOUT: '300ms', PROXY_SEND_TIMEOUT: '300ms', PROXY_LAST_TIMEOUT: '3s' });
  setGuarded(edge);
});

afterEach(() => edge.close());

type Method = 'GET' | 'HEAD' | 'OPTIONS' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

async function ask(method: Method, options: { body?: string; headers?: Record<string, string>; path?: string } = {}) {
  const { path = '/asked', ...rest } = options;
  const answer = await request(edge.url + path, { method, ...rest });
  return { status: answer.statusCode, pool: answer.headers['x-app-pool'], body: await answer.body.text() };
}

/** How many requests of the test reached each pool. */
const executions = () =>
  [edge.blue, edge.green].map(({ requests }) => requests.filter(({ url }) => url !== '/healthz').length);

const both = (answer: RequestListener) => {
  for (const pool of [edge.blue, edge.green]) pool.answer = answer;
};

/** Longer than the patience of the first attempt. */
const slowly: RequestListener = (incoming, response) => {
  incoming.resume();
  setTimeout(() => response.end('in the end'), 900);
};

describe('a slow response', () => {
  it.each(['GET', 'OPTIONS'] as const)('to %s is given by the other pool, which is waited for', async (method) => {
    both(slowly);
    expect(await ask(method)).toMatchObject({ status: 200, pool: 'green', body: 'in the end' });
    expect(executions()).toEqual([1, 1]);
    expect((await edge.logLines(1))[0]).toContain('upstream_status="504 : 200"');
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'] as const)('to %s is waited for, and carried out once', async (method) => {
    both(slowly);
    expect(await ask(method, { body: 'x' })).toMatchObject({ status: 200, pool: 'blue', body: 'in the end' });
    expect(executions()).toEqual([1, 0]);
  });

  it('is waited for at the only pool that is up', async () => {
    setGuarded(edge, { down: ['green'] });
    await edge.green.close();
    edge.blue.answer = slowly;
    expect(await ask('GET')).toMatchObject({ status: 200, pool: 'blue' });
  });

  it('is waited for at the first pool again if the other one goes down meanwhile', async () => {
    edge.blue.answer = slowly;
    const answer = ask('GET');
    await edge.green.close();
    setGuarded(edge, { down: ['green'] });
    expect(await answer).toMatchObject({ status: 200, pool: 'blue' });
  });
});

it('a request that fails at once is sent to the other pool even if that one has gone down meanwhile', async () => {
  edge.blue.answer = (incoming) => {
    setGuarded(edge, { down: ['green'] });
    incoming.socket.resetAndDestroy();
  };
  expect(await ask('GET')).toMatchObject({ status: 200, pool: 'green' });
});

it('a request that fails with 500 on the first pool is waited for at the other one, and keeps its connection', async () => {
  edge.blue.answer = withStatus(500);
  edge.green.answer = slowly;
  expect(await ask('GET')).toMatchObject({ status: 200, pool: 'green', body: 'in the end' });
  edge.green.answer = undefined;
  const socket = connect(Number(new URL(edge.url).port), '127.0.0.1');
  for (let count = 0; count < 3; count++) {
    socket.write('GET /kept HTTP/1.1\r\nHost: x\r\n\r\n');
    const answer = String((await once(socket, 'data'))[0]);
    expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(answer).not.toContain('Connection: close');
  }
  socket.destroy();
});

it('a request that fails on both pools is asked of each once', async () => {
  for (const [first, second] of [
    [500, 503],
    [503, 500],
    [502, 502],
    [500, 500],
  ]) {
    edge.blue.answer = withStatus(first ?? 0);
    edge.green.answer = withStatus(second ?? 0);
    const before = executions();
    expect((await ask('GET')).status).toBeGreaterThanOrEqual(500);
    expect(executions()).toEqual(before.map((count) => count + 1));
  }
});

describe('a request that is never answered', () => {
  it.each(['GET', 'HEAD', 'OPTIONS'] as const)('is answered by the other pool if it is a %s', async (method) => {
    edge.blue.answer = () => {};
    const startedAt = performance.now();
    expect(await ask(method)).toMatchObject({ status: 200, pool: 'green' });
    expect(performance.now() - startedAt).toBeLessThan(1_500);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'] as const)(
    'is a 504 after the last timeout if it is a %s, and never repeated',
    async (method) => {
      edge.blue.answer = (incoming) => incoming.resume();
      expect((await ask(method, { body: 'x' })).status).toBe(504);
      expect(executions()).toEqual([1, 0]);
    },
  );
});

describe('a request that fails on the first pool', () => {
  it.each(['PUT', 'DELETE'] as const)('with 503 is repeated if it is a %s', async (method) => {
    edge.blue.answer = withStatus(503);
    expect(await ask(method, { body: 'x' })).toMatchObject({ status: 200, pool: 'green' });
  });

  it.each(['PUT', 'DELETE'] as const)('with a reset is repeated if it is a %s', async (method) => {
    edge.blue.answer = (incoming) => incoming.socket.resetAndDestroy();
    expect(await ask(method, { body: 'x' })).toMatchObject({ status: 200, pool: 'green' });
  });

  it.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const)(
    'because it cannot be reached is sent to the other one: %s',
    async (method) => {
      await edge.blue.close();
      expect(await ask(method, method === 'GET' ? {} : { body: 'x' })).toMatchObject({ status: 200, pool: 'green' });
    },
  );
});

describe('a stream with pauses', () => {
  const parts = (pauseMs: number) => async (_: IncomingMessage, response: ServerResponse) => {
    for (const part of ['one ', 'two ', 'three']) {
      await delay(pauseMs);
      response.write(part);
    }
    response.end();
  };

  it('arrives whole if it is an answer to a POST', async () => {
    edge.blue.answer = parts(700);
    expect(await ask('POST', { body: 'a question' })).toMatchObject({ status: 200, body: 'one two three' });
  });

  it('arrives whole if its first part takes longer than the first attempt', async () => {
    both(parts(700));
    expect(await ask('GET', { headers: { accept: '*/*' } })).toMatchObject({ status: 200, body: 'one two three' });
  });

  it('arrives whole if it is an event stream', async () => {
    edge.blue.answer = async (_, response) => {
      response.write('one ');
      await delay(900);
      response.end('two');
    };
    expect(await ask('GET', { headers: { accept: 'text/event-stream' } })).toMatchObject({
      status: 200,
      body: 'one two',
    });
  });

  it('arrives whole, part by part, if its path is in STREAM_PATHS', async () => {
    await edge.close();
    edge = await startEdge({ PROXY_READ_TIMEOUT: '300ms', STREAM_PATHS: '/chat/,/v1.0/events' });
    setGuarded(edge);
    edge.blue.answer = async (_, response) => {
      response.write('one ');
      await delay(900);
      response.end('two');
    };
    for (const path of ['/chat/1', '/v1.0/events?since=7']) {
      expect(await ask('GET', { path, headers: { accept: '*/*' } })).toMatchObject({ status: 200, body: 'one two' });
    }
  });

  it('arrives whole if it is an upload that the app begins to read late', async () => {
    edge.blue.answer = (incoming, response) => {
      let bytes = 0;
      setTimeout(
        () =>
          incoming
            .on('data', (chunk: Buffer) => {
              bytes += chunk.length;
            })
            .on('end', () => response.end(String(bytes))),
        900,
      );
    };
    const body = 'x'.repeat(16 * 1024 * 1024);
    expect(await ask('POST', { body })).toMatchObject({ status: 200, body: String(body.length) });
  });
});

describe('the headers of a response', () => {
  const withHeaders =
    (bytes: number): RequestListener =>
    (incoming, response) => {
      incoming.resume();
      for (let index = 0; index * 1_000 < bytes; index++)
        response.appendHeader('Set-Cookie', `c${index}=${'x'.repeat(980)}`);
      response.end('body');
    };

  async function fetched(method: 'GET' | 'POST') {
    const socket = connect(Number(new URL(edge.url).port), '127.0.0.1');
    socket.write(`${method} /large HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
    let answer = '';
    for await (const chunk of socket) answer += chunk;
    return answer;
  }

  it.each([4, 8, 16, 31])('may have %i KB', async (kilobytes) => {
    edge.blue.answer = withHeaders(kilobytes * 1_000);
    const answer = await fetched('GET');
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    expect(answer.match(/Set-Cookie/g)).toHaveLength(kilobytes);
    expect(answer).toContain('body');
  });

  it.each(['GET', 'POST'] as const)(
    'over 36 KB are an error page, one execution and a word in the log: %s',
    async (method) => {
      both(withHeaders(80_000));
      const answer = await fetched(method);
      expect(answer).toMatch(/^HTTP\/1.1 502 /);
      expect(answer).toContain('Back in a moment');
      expect(executions()).toEqual([1, 0]);
      expect((await edge.logLines(1))[0]).toMatch(/^pool=- .* upstream_status="502" .* fault="headers too big"$/);
      both(withStatus(200));
      expect(await ask('GET')).toMatchObject({ status: 200, pool: 'blue' });
      expect((await edge.logLines(2))[1]).toMatch(/ fault="-"$/);
    },
  );
});

describe('hashed files of the release before', () => {
  beforeEach(async () => {
    await edge.close();
    edge = await startEdge({ ASSET_PATHS: '/assets/,/_next/static/' });
    setGuarded(edge);
    const serving = (pool: StandInPool, file: string) => {
      pool.answer = (incoming, response) => {
        incoming.resume();
        response.writeHead(incoming.url === file ? 200 : 404).end(`${pool.pool}`);
      };
    };
    serving(edge.blue, '/assets/new.js');
    serving(edge.green, '/assets/old.js');
  });

  it('are asked of the other pool, and only they', async () => {
    expect(await ask('GET', { path: '/assets/new.js' })).toMatchObject({ status: 200, pool: 'blue' });
    expect(await ask('GET', { path: '/assets/old.js' })).toMatchObject({ status: 200, pool: 'green' });
    expect(await ask('HEAD', { path: '/assets/old.js' })).toMatchObject({ status: 200, pool: 'green' });
    expect(await ask('GET', { path: '/assets/none.js' })).toMatchObject({ status: 404, pool: 'green' });
    expect(await ask('GET', { path: '/page' })).toMatchObject({ status: 404, pool: 'blue' });
    expect(await ask('POST', { path: '/assets/old.js', body: 'x' })).toMatchObject({ status: 404, pool: 'blue' });
  });
});

describe('a pool that speaks no HTTP', () => {
  let garbage: Server;
  let says = '';
  const sockets = new Set<Socket>();

  beforeEach(async () => {
    await edge.close();
    garbage = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('data', () => socket.end(says));
    }).listen(0, '127.0.0.1');
    await once(garbage, 'listening');
    const { port } = garbage.address() as { port: number };
    edge = await startEdge({ BLUE_ADDRESS: `127.0.0.1:${port}` });
    setGuarded(edge);
  });

  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    garbage.close();
  });

  it.each([
    ['an invalid header', 'HTTP/1.1 200 OK\r\nX Y: \0\r\n\r\n'],
    ['nothing', ''],
    ['half a header', 'HTTP/1.1 200 OK\r\nX-A: b\r\n'],
  ])('is not asked twice: %s', async (_what, bytes) => {
    says = bytes;
    expect(await ask('GET')).toMatchObject({ status: 200, pool: 'green' });
  });
});
