import { type EventEmitter, once } from 'node:events';
import autocannon from 'autocannon';
import type { Pool } from '../settings/pool.ts';
import { nowMs } from './load/sample.ts';

/** One request of the load, as its client saw it. Times in milliseconds; `endedAt` is one of nowMs(). */
export interface Sample {
  readonly endedAt: number;
  readonly tookMs: number;
  /** 0: no answer. */
  readonly status: number;
  readonly pool: Pool | undefined;
  readonly release: string | undefined;
  /** Why it failed; undefined: a 200 that arrived whole. */
  readonly failure: string | undefined;
}

export interface LoadOptions {
  readonly url: string;
  readonly connections: number;
  /** Requests a second over all connections. */
  readonly rate: number;
}

export interface Load {
  /** Grows while the load runs. */
  readonly samples: readonly Sample[];
  stop(): Promise<void>;
}

const requestTimeoutSec = 10;
/** An honest answer in a calm moment takes milliseconds; at the end, what is older than this was lost. */
const lostAfterMs = 1000;
const longestRunSec = 300;

interface Headers {
  readonly headers: readonly string[];
}

/**
 * A steady load of GETs over keep-alive connections. Every request is accounted for here and not by autocannon, which
 * forgets a request whose connection was closed under it.
 */
export function startLoad({ url, connections, rate }: LoadOptions): Load {
  const samples: Sample[] = [];
  const pendingSince = new Map<EventEmitter, number>();

  function settle(client: EventEmitter, result: Omit<Sample, 'endedAt' | 'tookMs'>): void {
    const startedAt = pendingSince.get(client);
    if (startedAt === undefined) return;
    pendingSince.delete(client);
    const endedAt = nowMs();
    samples.push({ endedAt, tookMs: endedAt - startedAt, ...result });
  }

  const lost = (failure: string) => ({ status: 0, pool: undefined, release: undefined, failure });

  // The package's types leave out half of the events that its client has.
  function watch(client: EventEmitter): void {
    let headers: Headers = { headers: [] };
    client.on('request', () => {
      settle(client, lost('connection closed before the answer was complete'));
      pendingSince.set(client, nowMs());
    });
    client.on('headers', (latest: Headers) => {
      headers = latest;
    });
    client.on('response', (status: number) => {
      const pool = headerOf(headers, 'x-app-pool');
      settle(client, {
        status,
        pool: pool === 'blue' || pool === 'green' ? pool : undefined,
        release: headerOf(headers, 'x-release-id'),
        failure: status === 200 ? undefined : `status ${status}`,
      });
    });
    client.on('connError', (error: Error) => settle(client, lost(error.message)));
    client.on('timeout', () => settle(client, lost(`no answer within ${requestTimeoutSec} s`)));
  }

  // autocannon sends what is due in a second at its beginning. One instance for each connection, begun one after the
  // other, spreads the load over the second.
  const instances: autocannon.Instance[] = [];
  const begin = () => {
    const share = Math.floor(rate / connections) + (instances.length < rate % connections ? 1 : 0);
    const options = { url, connections: 1, overallRate: share, duration: longestRunSec, timeout: requestTimeoutSec };
    instances.push(autocannon({ ...options, setupClient: watch }, () => {}));
    if (instances.length === connections) clearInterval(beginning);
  };
  const beginning = setInterval(begin, 1000 / connections);

  return {
    samples,
    async stop() {
      const now = nowMs();
      for (const [client, startedAt] of pendingSince) {
        if (now - startedAt > lostAfterMs) settle(client, lost('no answer until the load ended'));
      }
      pendingSince.clear();
      clearInterval(beginning);
      const done = instances.map((instance) => once(instance, 'done'));
      for (const instance of instances) instance.stop();
      await Promise.all(done);
    },
  };
}

/** The parser's headers are a flat list of names and values. */
function headerOf({ headers }: Headers, wanted: string): string | undefined {
  for (let index = 0; index + 1 < headers.length; index += 2) {
    if (headers[index]?.toLowerCase() === wanted) return headers[index + 1];
  }
  return undefined;
}
