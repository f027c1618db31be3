import type { Load, LoadOptions, Sample } from './failover-load.ts';
import { exchangeHttp2 } from './load/exchange-http2.ts';
import { Http2Sessions } from './load/http2-sessions.ts';
import { Mix } from './load/mix.ts';
import { nowMs } from './load/sample.ts';
import { startSchedule } from './load/schedule.ts';

/** The same load over HTTP/2. Requests do not wait for each other. */
export function startHttp2Load({ site, path, connections, rate }: LoadOptions): Load {
  const samples: Sample[] = [];
  const question = { check: 'http', path, headers: {}, statuses: ['200'] } as const;
  const sessions = new Http2Sessions(site, connections);
  const task = new Mix({ app: 'any', question }).task('get', {});
  const inFlight = new Set<Promise<void>>();
  const schedule = startSchedule(rate, () => {
    const startedAt = nowMs();
    const done = exchangeHttp2(sessions, task).answer.then(({ endedAt, status, pool, release, failure }) => {
      samples.push({ endedAt, tookMs: endedAt - startedAt, status, pool, release, failure });
      inFlight.delete(done);
    });
    inFlight.add(done);
  });
  return {
    samples,
    async stop() {
      schedule.stop();
      await Promise.all(inFlight);
      sessions.close();
    },
  };
}
