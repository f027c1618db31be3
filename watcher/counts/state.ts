import { type Exposition, oneOf, single } from '../../metrics/exposition.ts';
import { pools } from '../../settings/pool.ts';
import type { WatchView } from '../rules/health.ts';
import { incidentKinds } from '../rules/open-incidents.ts';

/** Metrics of the watcher's verdicts: the state of the pools, incidents, the error rate. */
export function exposeState(exposition: Exposition, watch: WatchView, thresholdPercent: number): void {
  // A watch keeps its counts of failovers and switches across a restart. Metrics start at 0.
  const before = structuredClone(watch.transitions);
  const since = (of: 'failovers' | 'switches') => () =>
    pools.map((pool) => [[pool], watch.transitions[of][pool] - before[of][pool]] as const);

  exposition.counter(
    {
      name: 'bluegreen_failovers_total',
      help: 'Failovers by the pool that failed, whether or not an alert was sent.',
      labels: ['pool'],
    },
    since('failovers'),
  );
  exposition.counter(
    {
      name: 'bluegreen_switches_total',
      help: 'Planned switches by the pool that became active, whether or not an alert was sent.',
      labels: ['pool'],
    },
    since('switches'),
  );
  exposition.gauge({ name: 'bluegreen_pool_active', help: '1 for the active pool.', labels: ['pool'] }, () =>
    oneOf(pools, watch.active),
  );
  exposition.gauge(
    { name: 'bluegreen_pool_serving', help: '1 for the pool that answered last.', labels: ['pool'] },
    () => oneOf(pools, watch.health().serving),
  );
  exposition.gauge(
    { name: 'bluegreen_pool_up', help: '0 if the pool fails its health checks.', labels: ['pool'] },
    () => {
      const { down } = watch.health();
      return down === null ? [] : pools.map((pool) => [[pool], down[pool] ? 0 : 1]);
    },
  );
  exposition.gauge(
    {
      name: 'bluegreen_window_error_ratio',
      help: 'The share of the last requests with a failed attempt; basis of the error-rate alert.',
    },
    () => {
      const { failed, samples } = watch.health().window;
      return single(samples === 0 ? 0 : failed / samples);
    },
  );
  exposition.gauge(
    { name: 'bluegreen_error_rate_threshold_ratio', help: 'ERROR_RATE_THRESHOLD: a higher share raises an alert.' },
    () => single(thresholdPercent / 100),
  );
  exposition.gauge({ name: 'bluegreen_window_requests', help: 'Requests in the window of the error rate.' }, () =>
    single(watch.health().window.samples),
  );
  exposition.gauge(
    { name: 'bluegreen_incident_open', help: '1 while an incident of this kind is open.', labels: ['kind'] },
    () => {
      const open = new Set(watch.health().openIncidents.map(({ kind }) => kind));
      return incidentKinds.map((kind) => [[kind], open.has(kind) ? 1 : 0]);
    },
  );
  exposition.gauge({ name: 'bluegreen_alerts_muted', help: '1 while a mute holds alerts back.' }, () =>
    single(watch.health().muted === null ? 0 : 1),
  );
}
