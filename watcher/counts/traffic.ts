import { type Exposition, oneOf, single } from '../../metrics/exposition.ts';
import { type Pool, pools } from '../../settings/pool.ts';
import { incidentKinds } from '../rules/open-incidents.ts';
import type { Watch } from '../watch.ts';
import { answerers, type RequestCounts, statusClasses } from './requests.ts';

/** What visitors got, and from whom. */
export function exposeRequests(exposition: Exposition, counts: RequestCounts, sloPercent: number | undefined): void {
  exposition.counter(
    {
      name: 'bluegreen_requests_total',
      help: 'Requests by the pool that answered and the class of the status that the visitor got.',
      labels: ['pool', 'status'],
    },
    () =>
      answerers.flatMap((pool, row) =>
        statusClasses.map((status, column) => [[pool, status], counts.requests[row]?.[column] ?? 0] as const),
      ),
  );
  exposition.counter(
    {
      name: 'bluegreen_release_requests_total',
      help: 'Requests by the release that answered; a few releases at a time, all else is "other".',
      labels: ['pool', 'release', 'status'],
    },
    () =>
      [...counts.releases].flatMap(({ pool, release, counts: byStatus }) =>
        statusClasses.map((status, column) => [[pool, release, status], byStatus[column] ?? 0] as const),
      ),
  );
  exposition.counter(
    {
      name: 'bluegreen_slo_requests_total',
      help: 'Requests that were answered, by what they were for the visitor; what the other pool made good is good.',
      labels: ['result'],
    },
    () => [
      [['good'], counts.visitors - counts.failedForVisitors],
      [['failed'], counts.failedForVisitors],
    ],
  );
  exposition.counter(
    {
      name: 'bluegreen_abandoned_requests_total',
      help: 'Requests whose visitor left before an answer: neither good nor failed.',
    },
    () => single(counts.left),
  );
  exposition.gauge({ name: 'bluegreen_slo_objective_ratio', help: 'SLO_PERCENT, where it is set.' }, () =>
    sloPercent === undefined ? [] : single(sloPercent / 100),
  );
  exposition.counter({ name: 'bluegreen_cut_off_responses_total', help: 'Answers that broke off in mid-body.' }, () =>
    single(counts.cutOff),
  );
  exposition.counter(
    {
      name: 'bluegreen_masked_failures_total',
      help: 'Attempts that failed on this pool, of requests that the other one made good.',
      labels: ['pool'],
    },
    () => perPool((pool) => counts.attempts[pool]?.masked ?? 0),
  );
  exposition.counter(
    {
      name: 'bluegreen_upstream_attempts_total',
      help: 'Attempts to have a pool answer, by what came of them; a request can take two.',
      labels: ['pool', 'result'],
    },
    () =>
      pools.flatMap((pool, index) => {
        const { total = 0, failed = 0 } = counts.attempts[index] ?? {};
        return [[[pool, 'answered'], total - failed] as const, [[pool, 'failed'], failed] as const];
      }),
  );
  exposition.durations(
    {
      name: 'bluegreen_request_duration_seconds',
      help: 'From the first byte of a request to the last of its answer, by the pool that answered; no WebSockets.',
      labels: ['pool'],
    },
    () => answerers.flatMap((pool, index) => withLabel(pool, counts.durations[index])),
  );
  exposition.durations(
    {
      name: 'bluegreen_upstream_first_byte_seconds',
      help: "From an attempt's beginning to the first byte of the pool's answer.",
      labels: ['pool'],
    },
    () => pools.flatMap((pool, index) => withLabel(pool, counts.attempts[index]?.firstByte)),
  );
}

/** What the watcher has made of it. */
export function exposeState(exposition: Exposition, watch: Watch, thresholdPercent: number): void {
  // Failovers and switches go on being counted over a restart; metrics begin anew.
  const before = structuredClone(watch.transitions);
  const since = (of: 'failovers' | 'switches') => () =>
    pools.map((pool) => [[pool], watch.transitions[of][pool] - before[of][pool]] as const);

  exposition.counter(
    { name: 'bluegreen_failovers_total', help: 'Failovers, told or not, by the pool that broke.', labels: ['pool'] },
    since('failovers'),
  );
  exposition.counter(
    {
      name: 'bluegreen_switches_total',
      help: 'Planned switches, told or not, by the pool that became active.',
      labels: ['pool'],
    },
    since('switches'),
  );
  exposition.gauge({ name: 'bluegreen_pool_active', help: '1: the active pool.', labels: ['pool'] }, () =>
    oneOf(pools, watch.active),
  );
  exposition.gauge({ name: 'bluegreen_pool_serving', help: '1: the pool that answered last.', labels: ['pool'] }, () =>
    oneOf(pools, watch.health().serving),
  );
  exposition.gauge(
    { name: 'bluegreen_pool_up', help: '0: the pool fails its health checks.', labels: ['pool'] },
    () => {
      const { down } = watch.health();
      return down === null ? [] : pools.map((pool) => [[pool], down[pool] ? 0 : 1]);
    },
  );
  exposition.gauge(
    {
      name: 'bluegreen_window_error_ratio',
      help: 'The share of the last requests in which any attempt failed; what the error-rate alert judges.',
    },
    () => {
      const { failed, samples } = watch.health().window;
      return single(samples === 0 ? 0 : failed / samples);
    },
  );
  exposition.gauge(
    { name: 'bluegreen_error_rate_threshold_ratio', help: 'ERROR_RATE_THRESHOLD: above it, that share is an alert.' },
    () => single(thresholdPercent / 100),
  );
  exposition.gauge({ name: 'bluegreen_window_requests', help: 'Requests in that window.' }, () =>
    single(watch.health().window.samples),
  );
  exposition.gauge(
    { name: 'bluegreen_incident_open', help: '1: an incident of this kind goes on.', labels: ['kind'] },
    () => {
      const open = new Set(watch.health().openIncidents.map(({ kind }) => kind));
      return incidentKinds.map((kind) => [[kind], open.has(kind) ? 1 : 0]);
    },
  );
  exposition.gauge({ name: 'bluegreen_alerts_muted', help: '1: a mute holds alerts back.' }, () =>
    single(watch.health().muted === null ? 0 : 1),
  );
}

function perPool(value: (index: number) => number) {
  return pools.map((pool: Pool, index) => [[pool], value(index)] as const);
}

function withLabel<T>(label: string, value: T | undefined) {
  return value === undefined ? [] : [[[label], value] as const];
}
