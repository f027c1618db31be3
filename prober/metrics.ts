import { Exposition } from '../metrics/exposition.ts';
import { exposeProcess } from '../metrics/process.ts';
import manifest from '../package.json' with { type: 'json' };
import type { Pool } from '../settings/pool.ts';
import type { PoolProber } from './pool-prober.ts';
import { failures } from './probe-counts.ts';

/** What Prometheus is told of the health checks. */
export function probeMetrics(probers: ReadonlyMap<Pool, PoolProber>): Exposition {
  const exposition = new Exposition();
  exposition.counter(
    { name: 'bluegreen_probe_checks_total', help: 'Health checks that were made.', labels: ['pool', 'result'] },
    () =>
      [...probers].flatMap(([pool, { counts }]) => {
        const failed = failures.reduce((sum, failure) => sum + counts.failed[failure], 0);
        return [[[pool, 'good'], counts.good] as const, [[pool, 'failed'], failed] as const];
      }),
  );
  exposition.counter(
    { name: 'bluegreen_probe_failures_total', help: 'Health checks that failed, by why.', labels: ['pool', 'reason'] },
    () =>
      [...probers].flatMap(([pool, { counts }]) =>
        failures.map((failure) => [[pool, failure], counts.failed[failure]] as const),
      ),
  );
  exposition.counter(
    {
      name: 'bluegreen_probe_prompted_total',
      help: 'How often a request that failed was a reason to check a pool at once.',
      labels: ['pool'],
    },
    () => [...probers].map(([pool, { counts }]) => [[pool], counts.prompted]),
  );
  exposition.counter(
    {
      name: 'bluegreen_probe_transitions_total',
      help: 'How often a pool was found to be down, or up again.',
      labels: ['pool', 'to'],
    },
    () =>
      [...probers].flatMap(([pool, { counts }]) => [
        [[pool, 'down'], counts.becameDown] as const,
        [[pool, 'up'], counts.becameUp] as const,
      ]),
  );
  exposition.counter(
    {
      name: 'bluegreen_probe_flag_errors_total',
      help: 'Rounds in which the down flag could not be made what it has to be.',
      labels: ['pool'],
    },
    () => [...probers].map(([pool, { counts }]) => [[pool], counts.flagErrors]),
  );
  exposition.durations(
    { name: 'bluegreen_probe_duration_seconds', help: 'How long health checks took.', labels: ['pool'] },
    () => [...probers].map(([pool, { counts }]) => [[pool], counts.durations]),
  );
  exposition.gauge(
    { name: 'bluegreen_probe_pool_up', help: '1: the pool passes its health checks.', labels: ['pool'] },
    () => [...probers].map(([pool, prober]) => [[pool], prober.verdict().down ? 0 : 1]),
  );
  exposition.gauge(
    {
      name: 'bluegreen_probe_last_check_timestamp_seconds',
      help: 'When the last health check of a pool ended.',
      labels: ['pool'],
    },
    () =>
      [...probers].flatMap(([pool, prober]) => {
        const lastMs = prober.lastCheckAt();
        return lastMs === undefined ? [] : [[[pool], lastMs / 1_000] as const];
      }),
  );
  exposeProcess(exposition, manifest.version);
  return exposition;
}
