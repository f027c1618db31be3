import { Exposition, single } from '../metrics/exposition.ts';
import { exposeProcess } from '../metrics/process.ts';
import manifest from '../package.json' with { type: 'json' };
import type { Pool } from '../settings/pool.ts';
import type { PoolProber } from './pool-prober.ts';
import { failures } from './probe-counts.ts';

/** The metrics of the health checks for Prometheus. */
export function probeMetrics(probers: ReadonlyMap<Pool, PoolProber>, isOverloaded: () => boolean): Exposition {
  const exposition = new Exposition();
  exposition.counter(
    { name: 'bluegreen_probe_checks_total', help: 'Health checks, by result.', labels: ['pool', 'result'] },
    () =>
      [...probers].flatMap(([pool, { counts }]) => {
        const failed = failures.reduce((sum, failure) => sum + counts.failed[failure], 0);
        return [[[pool, 'good'], counts.passed] as const, [[pool, 'failed'], failed] as const];
      }),
  );
  exposition.counter(
    { name: 'bluegreen_probe_failures_total', help: 'Failed health checks, by reason.', labels: ['pool', 'reason'] },
    () =>
      [...probers].flatMap(([pool, { counts }]) =>
        failures.map((failure) => [[pool, failure], counts.failed[failure]] as const),
      ),
  );
  exposition.counter(
    {
      name: 'bluegreen_probe_late_total',
      help: 'Health checks without an answer in time for which the machine may be the reason.',
      labels: ['pool'],
    },
    () => [...probers].map(([pool, { counts }]) => [[pool], counts.late]),
  );
  exposition.gauge(
    {
      name: 'bluegreen_probe_overloaded',
      help: '1 while the machine is so busy that both pools answer their health checks late.',
    },
    () => single(isOverloaded() ? 1 : 0),
  );
  exposition.counter(
    {
      name: 'bluegreen_probe_prompted_total',
      help: 'Immediate checks of a pool because a request to it failed.',
      labels: ['pool'],
    },
    () => [...probers].map(([pool, { counts }]) => [[pool], counts.prompted]),
  );
  exposition.counter(
    {
      name: 'bluegreen_probe_transitions_total',
      help: 'Transitions of a pool to down and to up.',
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
      help: 'Failed attempts to write or remove the down flag.',
      labels: ['pool'],
    },
    () => [...probers].map(([pool, { counts }]) => [[pool], counts.flagErrors]),
  );
  exposition.durations(
    { name: 'bluegreen_probe_duration_seconds', help: 'Duration of health checks.', labels: ['pool'] },
    () => [...probers].map(([pool, { counts }]) => [[pool], counts.durations]),
  );
  exposition.gauge(
    { name: 'bluegreen_probe_pool_up', help: '1 if the pool is up, 0 if it is down.', labels: ['pool'] },
    () => [...probers].map(([pool, prober]) => [[pool], prober.verdict().down ? 0 : 1]),
  );
  exposition.gauge(
    {
      name: 'bluegreen_probe_last_check_timestamp_seconds',
      help: 'End of the last health check of a pool, as a Unix timestamp.',
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
