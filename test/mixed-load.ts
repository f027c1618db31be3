import { createHash, randomBytes, randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, type Asked, KeepAliveClient } from './keep-alive-client.ts';
import { SocketClient } from './socket-client.ts';
import { type Kind, Tally } from './tally.ts';

/** What visitors should get: the site, the maintenance page, or, while that changes, either. */
export type Expectation = 'served' | 'either' | 'maintenance';

/** A kind of client, how many there are, and how long each waits between two requests. */
interface Work {
  readonly kind: Exclude<Kind, 'socket'>;
  readonly clients: number;
  readonly thinkMs: readonly [least: number, most: number];
  next(): Task;
}

interface Task extends Asked {
  /** @returns what is wrong with the body, or undefined */
  check(body: string): string | undefined;
}

const kib = 1024;
const socketClients = 4;

/** About 130 requests and messages a second. */
const work: readonly Work[] = [
  { kind: 'get', clients: 8, thinkMs: [70, 140], next: page },
  { kind: 'post', clients: 4, thinkMs: [150, 250], next: () => upload(randomInt(1, 8 * kib)) },
  { kind: 'upload', clients: 1, thinkMs: [800, 1_200], next: () => upload(randomInt(kib * kib, 4 * kib * kib)) },
  { kind: 'slow', clients: 3, thinkMs: [100, 300], next: slow },
  { kind: 'stream', clients: 3, thinkMs: [100, 500], next: stream },
];

/**
 * A steady load of all kinds of requests. Each request is accounted for, and none is repeated. A visitor keeps one connection
 * and one of the canary's buckets, which are spread evenly over the visitors.
 */
export class MixedLoad {
  readonly #origin: string;
  readonly #clients: KeepAliveClient[] = [];
  readonly #sockets: SocketClient[] = [];
  readonly #running: Promise<void>[] = [];
  readonly #stop = new AbortController();
  #tally = new Tally();
  #expectation: Expectation = 'served';
  #changes = 0;

  constructor(origin: string) {
    this.#origin = origin;
    const workOfClients = work.flatMap((one) => Array.from({ length: one.clients }, () => one));
    const visitors = workOfClients.length + socketClients;
    const headersOf = (index: number) => ({
      Cookie: `bluegreen_bucket=${String(Math.floor((index * 100) / visitors)).padStart(2, '0')}`,
    });
    for (const [index, one] of workOfClients.entries()) {
      const client = new KeepAliveClient(origin, headersOf(index));
      this.#clients.push(client);
      this.#running.push(this.#visit(client, one));
    }
    for (let index = workOfClients.length; index < visitors; index++) {
      const socket = this.#socketClient(headersOf(index));
      this.#sockets.push(socket);
      this.#running.push(socket.run());
    }
  }

  expect(expectation: Expectation): void {
    this.#expectation = expectation;
    this.#changes++;
  }

  /** Waits for the requests that were begun since the last call to end, and returns their results. */
  async take(): Promise<Tally> {
    const tally = this.#tally;
    this.#tally = new Tally();
    await tally.ended();
    return tally;
  }

  /** Lets every client finish its request, and returns the last results. */
  async stop(): Promise<Tally> {
    this.#stop.abort();
    await Promise.all(this.#sockets.map((socket) => socket.stop()));
    await Promise.all(this.#running);
    for (const client of this.#clients) client.close();
    return this.take();
  }

  async #visit(client: KeepAliveClient, { kind, thinkMs, next }: Work): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const request = this.#ask(client, kind, next());
      this.#tally.begin(kind, request);
      await request;
      await delay(randomInt(...thinkMs), undefined, { signal }).catch(() => undefined);
    }
  }

  async #ask(client: KeepAliveClient, kind: Kind, task: Task): Promise<void> {
    const tally = this.#tally;
    const expected = this.#expecting();
    const answer = await client.ask(task);
    const pool = poolOf(answer);
    const why = faultOf(answer, task, expected());
    if (why !== undefined) tally.failed({ kind, status: answer.status, pool, why: `${task.path}: ${why}` });
    else if (pool === undefined) tally.turnedAway++;
    else tally.answered(pool);
  }

  /** The expectation for a request that begins now. Call the returned function when the request has ended. */
  #expecting(): () => Expectation {
    const [expectation, changes] = [this.#expectation, this.#changes];
    return () => (this.#changes === changes ? expectation : 'either');
  }

  #socketClient(headers: Readonly<Record<string, string>>): SocketClient {
    const failed = (why: string, status = 0) => this.#tally.failed({ kind: 'socket', status, pool: undefined, why });
    return new SocketClient(`${this.#origin.replace(/^http/, 'ws')}/socket`, headers, {
      sent: (echo) => {
        const tally = this.#tally;
        const settled = echo.then(
          (pool) => (pool === '' ? tally.resent++ : tally.answered(pool)),
          (error: Error) => tally.failed({ kind: 'socket', status: 0, pool: undefined, why: error.message }),
        );
        tally.begin('socket', settled);
      },
      restarted: () => this.#tally.restarted++,
      refused: (status, retryAfter) => {
        return status === 503 && retryAfter !== undefined && this.#expectation !== 'served';
      },
      failed,
    });
  }
}

/** Undefined if the answer is as expected. */
function faultOf({ status, headers, body, why }: Answer, task: Task, expected: Expectation): string | undefined {
  if (status === 0) return why;
  if (status === 503 && expected !== 'served' && headers['x-app-pool'] === undefined) {
    return headers['retry-after'] === undefined ? 'turned away without Retry-After' : undefined;
  }
  if (status !== 200) return `status ${status}`;
  if (expected === 'maintenance') return 'answered during maintenance';
  return task.check(String(body));
}

function poolOf({ headers }: Answer): string | undefined {
  const pool = headers['x-app-pool'];
  return typeof pool === 'string' ? pool : undefined;
}

function page(): Task {
  const path = ['/version', '/version', '/', '/healthz'][randomInt(4)] ?? '/';
  return {
    path,
    check: (body) =>
      (path === '/' ? /<\/html>\s*$/ : /^\{"status":"healthy",.*\}$/).test(body) ? undefined : 'wrong body',
  };
}

function upload(bytes: number): Task {
  const body = randomBytes(bytes);
  const sha256 = createHash('sha256').update(body).digest('hex');
  return {
    path: '/echo',
    body,
    check: (answer) => (answer === JSON.stringify({ bytes, sha256 }) ? undefined : 'the upload arrived changed'),
  };
}

function slow(): Task {
  const ms = randomInt(200, 900);
  return { path: `/slow?ms=${ms}`, check: (body) => (JSON.parse(body).ms === ms ? undefined : 'wrong body') };
}

function stream(): Task {
  const seconds = randomInt(1, 3);
  return {
    path: `/stream?seconds=${seconds}`,
    headers: { Accept: 'text/event-stream' },
    check(body) {
      const events = [...body.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
      const wanted = Array.from({ length: seconds }, (_, index) => index + 1);
      return events.join() === wanted.join() ? undefined : `events ${events.join()} of ${seconds}`;
    },
  };
}
