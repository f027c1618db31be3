import { once } from 'node:events';
import { existsSync, lstatSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { eventually } from '../condition.ts';
import { type Edge, startEdge } from '../edge.ts';
import { withStatus } from '../stand-in-pool.ts';

let edge: Edge;

afterEach(() => edge.close());

async function ask(path: string, options: { method?: string; headers?: Record<string, string>; body?: string } = {}) {
  const { statusCode, headers, body } = await request(edge.url + path, { method: 'GET', ...options } as Parameters<
    typeof request
  >[1]);
  return { status: statusCode, headers, pool: headers['x-app-pool'], body: await body.text() };
}

/** Sets a flag as if the verb that sets it had been killed right after. */
function setFlag(name: string): void {
  for (const plain of ['plain.blue', 'plain.green']) rmSync(join(edge.controlDir, plain), { force: true });
  writeFileSync(join(edge.controlDir, name), '');
}

/** Sends raw bytes that no HTTP client would send; returns the first chunk of the response. */
async function raw(bytes: string): Promise<string> {
  const socket = connect(Number(new URL(edge.url).port), '127.0.0.1');
  socket.write(bytes);
  const [answer] = await once(socket, 'data');
  socket.destroy();
  return String(answer);
}

describe('routing', () => {
  beforeEach(async () => {
    edge = await startEdge();
  });

  it('sends everything to the active pool', async () => {
    for (let count = 0; count < 5; count++) expect((await ask('/')).pool).toBe('blue');
    expect(edge.green.requests.filter(({ url }) => url !== '/healthz')).toHaveLength(0);
  });

  it('follows a switch from the next request on, even on an open connection', async () => {
    const dispatcher = new Agent({ connections: 1 });
    const pool = async () => {
      const { headers, body } = await request(edge.url, { dispatcher });
      await body.dump();
      return headers['x-app-pool'];
    };
    expect(await pool()).toBe('blue');
    for (const target of ['green', 'blue', 'green'] as const) {
      expect((await edge.verb('switch', target)).exitCode).toBe(0);
      expect(await pool()).toBe(target);
    }
    await dispatcher.close();
  });

  it('switches at once to a pool that does not answer at all: the operator has a reason', async () => {
    await edge.green.close();
    const startedAt = Date.now();
    expect(await edge.verb('switch', 'green')).toMatchObject({ exitCode: 0, stdout: '' });
    expect(Date.now() - startedAt).toBeLessThan(3_000);
  });

  it.each([
    { flags: ['blue.down'], serves: 'green' },
    { flags: ['green.down'], serves: 'blue' },
    { flags: ['blue.down', 'green.down'], serves: 'blue' },
    { flags: ['active.green'], serves: 'green' },
    { flags: ['active.green', 'green.down'], serves: 'blue' },
    { flags: ['active.green', 'blue.down'], serves: 'green' },
    { flags: ['active.green', 'blue.down', 'green.down'], serves: 'green' },
  ])('is served by $serves with $flags', async ({ flags, serves }) => {
    for (const name of flags) setFlag(name);
    expect((await ask('/')).pool).toBe(serves);
  });

  it('reports its state on the internal port only', async () => {
    setFlag('active.green');
    setFlag('blue.down');
    const status = JSON.parse((await edge.verb('status')).stdout);
    expect(status).toMatchObject({
      active: 'green',
      group: 'green_first',
      prober: false,
      blue_down: true,
      green_down: false,
      maintenance: false,
    });
    expect(status.nginx).toMatch(/^\d+\.\d+\.\d+$/);
    expect((await ask('/status')).body).toBe('blue\n'.replace('blue', 'green'));
  });

  it('forwards /chaos like any other path: an app of yours may serve it, and the demo app refuses it', async () => {
    expect(await ask('/chaos/start')).toMatchObject({ status: 200, pool: 'blue' });
  });

  it('forwards the headers that the app sets, and hides the version of nginx', async () => {
    edge.blue.answer = (_, response) =>
      response.writeHead(201, { 'Set-Cookie': ['a=1', 'b=2'], 'X-Powered-By': 'me' }).end();
    const { status, headers } = await ask('/');
    expect(status).toBe(201);
    expect(headers).toMatchObject({ 'set-cookie': ['a=1', 'b=2'], 'x-powered-by': 'me', server: 'nginx' });
  });

  it('proxies a WebSocket', async () => {
    const sockets = new WebSocketServer({ server: edge.blue.server });
    sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(`echo ${data}`)));
    const socket = new WebSocket(edge.url.replace('http', 'ws'));
    await once(socket, 'open');
    socket.send('hello');
    expect(String((await once(socket, 'message'))[0])).toBe('echo hello');
    socket.close();
    await once(socket, 'close');
  });

  it('forwards server-sent events one by one, and lets them pause longer than a normal response', async () => {
    await edge.close();
    edge = await startEdge({ PROXY_READ_TIMEOUT: '200ms' });
    edge.blue.answer = (_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write('data: 1\n\n');
      setTimeout(() => response.end('data: 2\n\n'), 600);
    };
    const { body } = await request(edge.url, { headers: { accept: 'text/event-stream' } });
    const chunks: string[] = [];
    for await (const chunk of body) chunks.push(String(chunk));
    expect(chunks).toEqual(['data: 1\n\n', 'data: 2\n\n']);
  });

  it('accepts an 8 MiB body and refuses one over the limit', async () => {
    expect((await ask('/', { method: 'POST', body: 'x'.repeat(8 * 1024 * 1024) })).status).toBe(200);
    expect(await raw('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1.1 413 /,
    );
  });
});

describe('when a pool breaks', () => {
  beforeEach(async () => {
    edge = await startEdge({ PROXY_READ_TIMEOUT: '300ms' });
  });

  it.each([500, 502, 503, 504])('answers the same request from the other pool after a %i', async (status) => {
    edge.blue.answer = withStatus(status);
    expect(await ask('/')).toMatchObject({ status: 200, pool: 'green' });
  });

  it('also after a refused connection, a reset and a timeout', async () => {
    edge.blue.answer = (incoming) => incoming.socket.resetAndDestroy();
    expect(await ask('/reset')).toMatchObject({ status: 200, pool: 'green' });
    await edge.verb('switch', 'green');
    edge.green.answer = () => {};
    edge.blue.answer = undefined;
    expect(await ask('/silent')).toMatchObject({ status: 200, pool: 'blue' });
    await edge.blue.close();
    edge.green.answer = undefined;
    await edge.verb('switch', 'blue');
    expect(await ask('/refused')).toMatchObject({ status: 200, pool: 'green' });
  });

  it('forwards a 4xx and a 501 as they are', async () => {
    edge.blue.answer = withStatus(404);
    expect(await ask('/')).toMatchObject({ status: 404, pool: 'blue' });
    edge.blue.answer = withStatus(501);
    expect(await ask('/')).toMatchObject({ status: 501, pool: 'blue' });
  });

  it('never retries a POST that has been sent', async () => {
    edge.blue.answer = withStatus(500);
    expect(await ask('/', { method: 'POST', body: 'pay' })).toMatchObject({ status: 500, pool: 'blue' });
    expect(edge.green.requests.filter(({ method }) => method === 'POST')).toHaveLength(0);
  });

  it('sends a POST to the other pool when the first could not be reached', async () => {
    await edge.blue.close();
    expect(await ask('/', { method: 'POST', body: 'pay' })).toMatchObject({ status: 200, pool: 'green' });
  });

  it('retries a POST if the operator allows it', async () => {
    await edge.close();
    edge = await startEdge({ RETRY_NON_IDEMPOTENT: 'on' });
    edge.blue.answer = withStatus(500);
    expect(await ask('/', { method: 'POST', body: 'pay' })).toMatchObject({ status: 200, pool: 'green' });
  });

  it('serves other requests while some fail on both pools', async () => {
    const poisoned = (pool: typeof edge.blue) => {
      pool.answer = (incoming, response) => response.writeHead(incoming.url === '/poison' ? 500 : 200).end();
    };
    poisoned(edge.blue);
    poisoned(edge.green);
    const statuses = new Set<number>();
    for (let count = 0; count < 20; count++) {
      expect((await ask('/poison')).status).toBeGreaterThanOrEqual(500);
      for (let innocent = 0; innocent < 10; innocent++) statuses.add((await ask('/innocent')).status);
    }
    expect([...statuses]).toEqual([200]);
  });

  it.each(['green.down', 'blue.down'])(
    'does not send every request to a dead pool after one failure, with %s',
    async (flag) => {
      const [living, dead] = flag === 'green.down' ? [edge.blue, edge.green] : [edge.green, edge.blue];
      await dead.close();
      setFlag(flag);
      living.answer = withStatus(503);
      expect((await ask('/')).status).toBeGreaterThanOrEqual(500);
      living.answer = undefined;
      expect(await ask('/')).toMatchObject({ status: 200, pool: living.pool });
    },
  );

  it('shows its page and no internals if no pool is available, even for a POST', async () => {
    await Promise.all([edge.blue.close(), edge.green.close()]);
    for (const method of ['GET', 'POST']) {
      const { status, headers, body } = await ask('/', { method });
      expect(status).toBe(502);
      expect(headers['content-type']).toContain('text/html');
      expect(body).toBe(readFileSync(join(import.meta.dirname, '../../public/50x.html'), 'utf8'));
    }
  });
});

describe('maintenance', () => {
  beforeEach(async () => {
    edge = await startEdge();
  });

  it('returns 503 with the page and Retry-After, and lets the health check of a load balancer through', async () => {
    expect((await edge.verb('maintenance', 'on')).exitCode).toBe(0);
    for (const method of ['GET', 'POST']) {
      const { status, headers, body } = await ask('/', { method });
      expect(status).toBe(503);
      expect(Number(headers['retry-after'])).toBeGreaterThan(0);
      expect(body).toBe(readFileSync(join(import.meta.dirname, '../../public/maintenance.html'), 'utf8'));
    }
    expect((await ask('/healthz')).status).toBe(503);
    expect(await ask('/.bluegreen/healthz')).toMatchObject({ status: 200 });
    expect((await edge.verb('maintenance', 'off')).exitCode).toBe(0);
    expect((await ask('/')).status).toBe(200);
  });
});

describe('traces', () => {
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
  const parent = '00f067aa0ba902b7';

  beforeEach(async () => {
    edge = await startEdge();
  });

  /** The trace headers that the app receives, and the request id that the visitor receives. */
  async function traced(headers: Record<string, string> = {}) {
    const { headers: answer } = await ask('/', { headers });
    const request = edge.blue.requests.at(-1)?.headers ?? {};
    const { traceparent = '', tracestate, 'x-request-id': requestId = '' } = request as Record<string, string>;
    const [version, traceId, spanId, flags] = traceparent.split('-');
    return { version, traceId, spanId, flags, tracestate, requestId, answered: answer['x-request-id'] };
  }

  it('begin at the edge, sampled, with the request id of the log and of the response', async () => {
    const { requestId, answered, ...first } = await traced();
    expect(requestId).toMatch(/^[0-9a-f]{32}$/);
    const spanId = requestId.slice(0, 16);
    expect(first).toEqual({ version: '00', traceId: requestId, spanId, flags: '01', tracestate: undefined });
    expect(answered).toBe(requestId);
    const [line = ''] = await edge.logLines(1);
    expect(line).toContain(` request_id=${requestId} trace_id=${requestId} `);
    expect((await traced()).traceId).not.toBe(requestId);
  });

  it.each([
    ['sampled', `00-${trace}-${parent}-01`, '01'],
    ['not sampled', `00-${trace}-${parent}-00`, '00'],
    ['with unknown flags', `00-${trace}-${parent}-fe`, '00'],
    ['of a later version', `cc-${trace}-${parent}-01-what-comes-then`, '01'],
  ])('continue one that a client began: %s', async (_what, traceparent, flags) => {
    const { requestId, ...rest } = await traced({ traceparent, tracestate: 'vendor=1' });
    const spanId = requestId.slice(0, 16);
    expect(rest).toMatchObject({ version: '00', traceId: trace, spanId, flags, tracestate: 'vendor=1' });
    expect(requestId).not.toBe(trace);
  });

  it.each([
    ['no trace', `00-${'0'.repeat(32)}-${parent}-01`],
    ['no parent', `00-${trace}-${'0'.repeat(16)}-01`],
    ['capital letters', `00-${trace.toUpperCase()}-${parent}-01`],
    ['something after the flags', `00-${trace}-${parent}-01-more`],
    ['the invalid version', `ff-${trace}-${parent}-01`],
    ['a short id', `00-${trace.slice(1)}-${parent}-01`],
    ['a long id', `00-${trace}0-${parent}-01`],
    ['other words', `00-${trace}-${parent}-01 pool=green`],
    ['nothing', ''],
  ])('start with new ids if a client sends %s', async (_what, traceparent) => {
    const { traceId, flags, tracestate, requestId } = await traced({ traceparent, tracestate: 'vendor=1' });
    expect([traceId, flags, tracestate]).toEqual([requestId, '01', undefined]);
  });

  it('keep their id when the other pool answers', async () => {
    edge.blue.answer = withStatus(500);
    await ask('/', { headers: { traceparent: `00-${trace}-${parent}-01` } });
    const sent = [edge.blue, edge.green].map(({ requests }) => requests.at(-1)?.headers);
    const spanId = String(sent[0]?.['x-request-id']).slice(0, 16);
    const traceparent = `00-${trace}-${spanId}-01`;
    expect(sent.map((headers) => headers?.traceparent)).toEqual([traceparent, traceparent]);
  });

  it("leave an app's own request id as it is", async () => {
    edge.blue.answer = (_, response) => response.setHeader('X-Request-Id', 'of-the-app').end();
    expect((await ask('/')).headers['x-request-id']).toBe('of-the-app');
  });

  it('have an id on responses of the edge itself, too', async () => {
    setFlag('maintenance');
    expect((await ask('/')).headers['x-request-id']).toMatch(/^[0-9a-f]{32}$/);
    expect((await ask('/.bluegreen/preview')).headers['x-request-id']).toMatch(/^[0-9a-f]{32}$/);
    expect((await ask('/.bluegreen/preview/off')).headers['x-request-id']).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe('the access log', () => {
  beforeEach(async () => {
    edge = await startEdge();
  });

  it('starts with pool, release and active, and has every attempt', async () => {
    edge.blue.answer = withStatus(500);
    await ask('/version?token=secret');
    const [line = ''] = await edge.logLines(1);
    expect(line).toMatch(/^pool=green release=green-1 active=blue route=- upstream_status="500, 200" upstream_addr="/);
    expect(line).toContain(`upstream_addr="${edge.blue.address}, ${edge.green.address}"`);
    expect(line).toMatch(/ status=200 msec=\d+\.\d{3} method=GET uri="\/version" /);
    expect(line).not.toContain('secret');
  });

  it('shows that no pool answered', async () => {
    await Promise.all([edge.blue.close(), edge.green.close()]);
    await ask('/gone');
    const [line = ''] = await edge.logLines(1);
    expect(line).toMatch(/^pool=- release=- active=blue route=- upstream_status="502, 502" /);
    expect(line).toContain(' status=502 ');
    expect(line).toContain('uri="/gone"');
  });

  it('has the method and final status, even if the edge answers in the end', async () => {
    await edge.close();
    edge = await startEdge({ PROXY_LAST_TIMEOUT: '1s' });
    const arrived = Promise.withResolvers<void>();
    edge.blue.answer = () => arrived.resolve();
    const answer = ask('/order', { method: 'POST', body: 'one' });
    await arrived.promise;
    expect((await edge.verb('switch', 'green')).exitCode).toBe(0);
    expect((await answer).status).toBe(504);
    const line = (await edge.logLines(1)).find((candidate) => candidate.includes('uri="/order"'));
    expect(line).toMatch(/^pool=- release=- active=blue route=- .* status=504 .* method=POST /);
  });

  it('cannot be forged by a client or an app', async () => {
    edge.blue.answer = (_, response) =>
      response.writeHead(200, { 'X-Release-Id': 'x pool=green', 'X-App-Pool': 'green' }).end();
    await ask('/a"%20pool=green%0Apool=green', { headers: { 'user-agent': 'x" pool=green upstream_status=500 \\' } });
    // Two workers write in any order.
    await edge.logLines(1);
    await raw('GARBAGE pool=green\r\n\r\n');
    const lines = await edge.logLines(2);
    expect(lines[0]).toMatch(/^pool=blue release=- active=blue /);
    // Outside quotes there are only the edge's own keys.
    for (const line of lines) expect(line.replaceAll(/"[^"]*"/g, '""')).not.toContain('pool=green');
  });

  it('distinguishes a response that the pool cut off from one that the client aborted', async () => {
    edge.blue.answer = (_, response) => {
      response.writeHead(200, { 'Content-Length': '100000' });
      response.write('x'.repeat(1000));
      setTimeout(() => response.destroy(), 50);
    };
    await ask('/cut').catch(() => undefined);
    edge.blue.answer = (_, response) => {
      response.writeHead(200, { 'Content-Length': '100000' });
      const writing = setInterval(() => response.write('x'.repeat(1000)), 20);
      response.on('close', () => clearInterval(writing));
    };
    const socket = connect(Number(new URL(edge.url).port), '127.0.0.1');
    socket.write('GET /left HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'data');
    socket.destroy();
    const [cut = '', left = ''] = await edge.logLines(2);
    expect(cut).toMatch(/upstream_length="1000" upstream_content_length="100000" .* completed="OK"/);
    expect(left).toMatch(/upstream_content_length="100000" .* completed=""/);
  });

  it('has the ids of the request and of its trace, and nothing else that a client sends about them', async () => {
    const id = '4bf92f3577b34da6a3ce929d0e0e4736';
    await ask('/', { headers: { traceparent: `00-${id}-00f067aa0ba902b7-01` } });
    await ask('/', { headers: { traceparent: 'x pool=green', 'x-request-id': 'mine pool=green' } });
    const [known = '', forged = ''] = await edge.logLines(2);
    expect(known).toContain(` trace_id=${id} remote_addr=`);
    expect(forged).toMatch(/ request_id=([0-9a-f]{32}) trace_id=\1 remote_addr=/);
    expect(forged).not.toContain('mine');
  });

  it('is rotated by size without losing a line, and keeps the configured number of files', async () => {
    await edge.close();
    edge = await startEdge({ LOG_MAX_MB: '1', LOG_KEEP: '2' });
    const headers = { 'user-agent': 'x'.repeat(4000) };
    const path = (index: number) => `${edge.accessLog}.${index}`;
    let sent = 0;
    const fill = async () => {
      for (let round = 0; round < 20; round++) {
        await Promise.all(Array.from({ length: 15 }, () => ask('/', { headers })));
        sent += 15;
      }
    };
    await fill();
    await eventually('the first rotation', () => existsSync(path(1)) && existsSync(edge.accessLog));
    const lines = (file: string) => readFileSync(file, 'utf8').split('\n').length - 1;
    // Each worker reopens the log on its own.
    await eventually('a line in the new file', async () => {
      await ask('/after');
      sent += 1;
      return lines(edge.accessLog) > 0;
    });
    await eventually('no line to be missing', () => lines(path(1)) + lines(edge.accessLog) === sent);
    for (let rotation = 0; rotation < 3; rotation++) {
      const before = lstatSync(path(1)).ino;
      await fill();
      await eventually('another rotation', () => lstatSync(path(1)).ino !== before);
    }
    expect(existsSync(path(2))).toBe(true);
    expect(existsSync(path(3))).toBe(false);
  });
});

describe('the entrypoint', () => {
  it('reports all invalid variables at once, and starts nothing', async () => {
    const wrong = {
      ACTIVE_POOL: 'red',
      NGINX_PORT: '80a',
      STATUS_PORT: '70000',
      BIND_ADDRESS: 'everywhere',
      BLUE_ADDRESS: 'app_blue:3000',
      GREEN_ADDRESS: '10.0.0.1',
      HEALTH_PATH: '/healthz; return 200',
      PROXY_CONNECT_TIMEOUT: '300',
      PROXY_SEND_TIMEOUT: '0s',
      PROXY_READ_TIMEOUT: '3 s',
      PROXY_STREAM_TIMEOUT: '08s',
      RETRY_NON_IDEMPOTENT: 'yes',
      CLIENT_MAX_BODY_SIZE: 'big',
      LOG_MAX_MB: '080',
      LOG_KEEP: '',
      CONTROL_DIR: '/tmp/$(id)',
      ACCESS_LOG: 'access.log',
      PUBLIC_DIR: '/a"b',
      NGINX_TEMPLATE: '/a\nb',
    };
    edge = await startEdge(wrong, { untilServing: false });
    const [exitCode] = await once(edge.process, 'exit');
    expect(exitCode).toBe(1);
    // An empty variable counts as unset.
    const { LOG_KEEP, ...faulty } = wrong;
    for (const [name, value] of Object.entries(faulty)) {
      expect(edge.output()).toMatch(new RegExp(`^ {2}${name}: expected .*, got "${RegExp.escape(value)}"$`, 'm'));
    }
    expect(edge.output()).not.toContain('LOG_KEEP');
    expect(existsSync(edge.configuration)).toBe(false);
  });

  it('replaces all of its own variables in the configuration, and leaves those of nginx', async () => {
    edge = await startEdge();
    const configuration = readFileSync(edge.configuration, 'utf8');
    expect(configuration.match(/\$\{[A-Z_]+\}/g)).toBeNull();
    for (const name of ['$upstream_group', '$request_id', '$connection_header']) expect(configuration).toContain(name);
    expect(configuration.includes('keepalive_min_timeout')).toBe(
      JSON.parse((await edge.verb('status')).stdout).nginx >= '1.27.4',
    );
  });

  it('refuses a template with an undefined variable, and names it', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'bluegreen-template-'));
    const template = join(directory, 'nginx.conf.template');
    writeFileSync(template, `pid "\${RUN_DIR}/nginx.pid"; # \${RUN_DIRS} \${NO_SUCH_SETTING} $nginx_own\n`);
    edge = await startEdge({ NGINX_TEMPLATE: template }, { untilServing: false });
    const [exitCode] = await once(edge.process, 'exit');
    expect(exitCode).toBe(1);
    expect(edge.output()).toContain(`entrypoint: ${template}: nothing sets NO_SUCH_SETTING RUN_DIRS\n`);
    rmSync(directory, { recursive: true });
  });

  it('replaces the symlink that the image has for its log with a file', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'bluegreen-log-'));
    const path = join(directory, 'access.log');
    symlinkSync('/dev/null', path);
    edge = await startEdge({ ACCESS_LOG: path });
    await ask('/');
    expect(lstatSync(path).isFile()).toBe(true);
    rmSync(directory, { recursive: true });
  });

  it('sets the active pool at the first start only', async () => {
    const control = mkdtempSync(join(tmpdir(), 'bluegreen-control-'));
    edge = await startEdge({ ACTIVE_POOL: 'green', CONTROL_DIR: control });
    expect((await ask('/')).pool).toBe('green');
    await edge.verb('switch', 'blue');
    await edge.close();
    edge = await startEdge({ ACTIVE_POOL: 'green', CONTROL_DIR: control });
    expect((await ask('/')).pool).toBe('blue');
    rmSync(control, { recursive: true });
  });

  it('loads changed settings once it serves, if it is only starting', async () => {
    edge = await startEdge({}, { untilServing: false });
    expect(await edge.verb('configure')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await edge.verb('serving')).toMatchObject({ exitCode: 0 });
  });

  it('reloads under load without failing a request on any connection', async () => {
    edge = await startEdge();
    const dispatcher = new Agent({ connections: 20 });
    let running = true;
    const failures: unknown[] = [];
    const client = async () => {
      while (running) {
        const { statusCode, body } = await request(edge.url, { dispatcher });
        await body.dump();
        if (statusCode !== 200) failures.push(statusCode);
      }
    };
    const clients = Array.from({ length: 20 }, () => client().catch((error: unknown) => failures.push(error)));
    const before = JSON.parse((await edge.verb('status')).stdout).config;
    const nginx = JSON.parse((await edge.verb('status')).stdout).nginx as string;
    expect((await edge.verb('reload')).exitCode).toBe(0);
    expect(JSON.parse((await edge.verb('status')).stdout).config).not.toBe(before);
    running = false;
    await Promise.all(clients);
    await dispatcher.close();
    // Before 1.27.4, nginx closes idle connections at a reload, even if a client is about to use one.
    if (nginx >= '1.27.4') expect(failures).toEqual([]);
    else for (const failure of failures) expect(String(failure)).toMatch(/other side closed|ECONNRESET/);
  });

  it('reports what is wrong with a verb', async () => {
    edge = await startEdge();
    expect(await edge.verb('switch', 'red')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('expected blue or green, got "red"'),
    });
    expect(await edge.verb('maintenance')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('expected on or off'),
    });
    expect(await edge.verb('dance')).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('got "dance"') });
  });

  it.each(['SIGQUIT', 'SIGTERM'] as const)('has logged every request once it has exited on %s', async (signal) => {
    edge = await startEdge();
    const paths = Array.from({ length: 50 }, (_, index) => `/${index}`);
    await Promise.all(paths.map((path) => ask(path)));
    // Without waiting first: nginx must write its buffered lines before it exits.
    edge.process.kill(signal);
    await once(edge.process, 'exit');
    const logged = (await edge.logLines(paths.length)).map((line) => /uri="([^"]*)"/.exec(line)?.[1]);
    expect(logged.toSorted()).toEqual(paths.toSorted());
  });

  it('answers requests in flight before it stops', async () => {
    edge = await startEdge();
    edge.blue.answer = (_, response) => setTimeout(() => response.end('late'), 500);
    const answer = ask('/slow');
    await eventually('the request to arrive', () => edge.blue.requests.some(({ url }) => url === '/slow'));
    edge.process.kill('SIGQUIT');
    expect((await answer).body).toBe('late');
    await once(edge.process, 'exit');
  });

  it('serves while the log cannot be written', async () => {
    edge = await startEdge({ ACCESS_LOG: '/dev/full' });
    expect((await ask('/')).pool).toBe('blue');
  });
});
