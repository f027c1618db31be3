import { type EventEmitter, once } from 'node:events';
import autocannon from 'autocannon';
import type { Pool } from '../settings/pool.ts';
import { nowMs } from './load/sample.ts';
import type { Site } from './load/site.ts';

/** One request of the load, as its client saw it. Times in milliseconds; `endedAt` is in the clock of nowMs(). */
export interface Sample {
  readonly endedAt: number;
  readonly tookMs: number;
  /** 0 if there was no response. */
  readonly status: number;
  readonly pool: Pool | undefined;
  readonly release: string | undefined;
  /** Why it failed; undefined for a 200 that arrived complete. */
  readonly failure: string | undefined;
}

export interface LoadOptions {
  readonly site: Site;
  /** The path to request. */
  readonly path: string;
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
/** Without a fault, a response takes milliseconds: a request that is older than this at the end was lost. */
const lostAfterMs = 1000;
const longestRunSec = 300;

interface Headers {
  readonly headers: readonly string[];
}

/**
 * A steady load of GETs over keep-alive connections of HTTP/1.1. Requests are counted here, because autocannon forgets a
 * request whose connection is closed before the response.
 */
export function startLoad({ site, path, connections, rate }: LoadOptions): Load {
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

  // autocannon's types omit half of the events of its client.
  function watch(client: EventEmitter): void {
    let headers: Headers = { headers: [] };
    client.on('request', () => {
      settle(client, lost('connection closed before the response was complete'));
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
    client.on('timeout', () => settle(client, lost(`no response within ${requestTimeoutSec} s`)));
  }

  // autocannon sends all requests of a second at its beginning. One instance for each connection, started one after the other,
  // spreads them over the second.
  const instances: autocannon.Instance[] = [];
  const begin = () => {
    const share = Math.floor(rate / connections) + (instances.length < rate % connections ? 1 : 0);
    const options = {
      url: site.url + path,
      connections: 1,
      overallRate: share,
      duration: longestRunSec,
      timeout: requestTimeoutSec,
    };
    instances.push(autocannon({ ...options, setupClient: watch }, () => {}));
    if (instances.length === connections) clearInterval(beginning);
  };
  const beginning = setInterval(begin, 1000 / connections);

  return {
    samples,
    async stop() {
      const now = nowMs();
      for (const [client, startedAt] of pendingSince) {
        if (now - startedAt > lostAfterMs) settle(client, lost('no response before the load ended'));
      }
      pendingSince.clear();
      clearInterval(beginning);
      const done = instances.map((instance) => once(instance, 'done'));
      for (const instance of instances) instance.stop();
      await Promise.all(done);
    },
  };
}

/** The parser reports headers as a flat list of alternating names and values. */
function headerOf({ headers }: Headers, wanted: string): string | undefined {
  for (let index = 0; index + 1 < headers.length; index += 2) {
    if (headers[index]?.toLowerCase() === wanted) return headers[index + 1];
  }
  return undefined;
}
