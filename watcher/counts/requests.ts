import { Durations } from '../../metrics/durations.ts';
import { type Exposition, single } from '../../metrics/exposition.ts';
import { type Pool, pools } from '../../settings/pool.ts';
import type { AccessEvent } from '../request/event.ts';
import { failedAt, failedForVisitor, visitorLeft } from '../request/observe.ts';
import { isNotHttp } from '../request/status.ts';
import { ReleaseCounts } from './releases.ts';

/** Who answered; `none` if no pool did. */
export const answerers = [...pools, 'none'] as const;
export const statusClasses = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const;

/** The attempts at one pool, whatever the result of the request. */
class Attempts {
  address: string;
  total = 0;
  failed = 0;
  /** Masked failures: attempts that failed here while the other pool answered. */
  masked = 0;
  /** The times to the first byte of the pool's answers. */
  readonly firstByte = new Durations();

  constructor(address: string) {
    this.address = address;
  }
}

/**
 * Counts requests since the start of the process; previews are left out. It only adds to numbers that exist already,
 * because it runs half a million times a second.
 */
export class RequestCounts {
  /** By who answered, then by status class. */
  readonly requests: readonly number[][] = answerers.map(() => statusClasses.map(() => 0));
  readonly durations: readonly Durations[] = answerers.map(() => new Durations());
  readonly attempts: readonly Attempts[];
  readonly releases = new ReleaseCounts();
  /** Requests that were passed to the pools and answered, and those of them that failed for the visitor: the basis of the SLO. */
  visitors = 0;
  failedForVisitors = 0;
  /** Requests that were passed to the pools and whose visitor left before an answer; not counted above. */
  left = 0;
  cutOff = 0;

  /** @param addresses the pools' addresses, as the edge logs them */
  constructor(addresses: { readonly [pool in Pool]: string }) {
    this.attempts = pools.map((pool) => new Attempts(addresses[pool]));
  }

  readonly count = (event: AccessEvent): void => {
    const { pool, status, attempts, cutOff } = event;
    const answerer = pool === 'blue' ? 0 : pool === 'green' ? 1 : 2;
    const statusClass = status < 200 ? (isNotHttp(status) ? 4 : 0) : status >= 500 ? 4 : Math.trunc(status / 100) - 1;
    const row = this.requests[answerer];
    if (row !== undefined) row[statusClass] = (row[statusClass] ?? 0) + 1;
    // A WebSocket lasts as long as the page is open.
    if (status !== 101) this.durations[answerer]?.count(event.endMs - event.startMs);
    if (pool !== undefined) this.releases.count(pool, event.release, statusClass, event.endMs);
    // The maintenance page is no failure.
    if (attempts.length === 0) return;
    const failed = failedForVisitor(event);
    const left = visitorLeft(event);
    this.#countAttempts(event, !failed && !left);
    if (left) {
      this.left++;
      return;
    }
    this.visitors++;
    if (failed) this.failedForVisitors++;
    if (cutOff) this.cutOff++;
  };

  #countAttempts(event: AccessEvent, isGood: boolean): void {
    const { attempts } = event;
    for (let index = 0; index < attempts.length; index++) {
      const attempt = attempts[index];
      const counts = attempt === undefined ? undefined : this.#at(attempt.address);
      // If no pool was left to try, nginx logs the name of the upstream group.
      if (attempt === undefined || counts === undefined) continue;
      // The visitor left before this attempt ended.
      if (attempt.status === 0) continue;
      const isLast = index === attempts.length - 1;
      counts.total++;
      if (failedAt(event, index)) {
        counts.failed++;
        if (!isLast && isGood) counts.masked++;
      }
      if (attempt.headerMs !== undefined && !attempt.silent) counts.firstByte.count(attempt.headerMs);
    }
  }

  #at(address: string): Attempts | undefined {
    for (const attempts of this.attempts) {
      if (attempts.address !== address) continue;
      // With the same string object, the next comparison is immediate.
      attempts.address = address;
      return attempts;
    }
    return undefined;
  }
}

/** Metrics of requests and attempts. */
export function exposeRequests(exposition: Exposition, counts: RequestCounts, sloPercent: number | undefined): void {
  exposition.counter(
    {
      name: 'bluegreen_requests_total',
      help: 'Requests by the pool that answered and by status class; an answer that is not HTTP counts as 5xx.',
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
      help: 'Requests by the release that answered; the number of releases is limited, the rest is "other".',
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
      help: 'Answered requests by their result for the visitor; a masked failure is good.',
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
  exposition.gauge({ name: 'bluegreen_slo_objective_ratio', help: 'SLO_PERCENT, if it is set.' }, () =>
    sloPercent === undefined ? [] : single(sloPercent / 100),
  );
  exposition.counter(
    { name: 'bluegreen_cut_off_responses_total', help: 'Answers that were cut off in mid-body.' },
    () => single(counts.cutOff),
  );
  exposition.counter(
    {
      name: 'bluegreen_masked_failures_total',
      help: 'Attempts that failed on this pool while the other one answered.',
      labels: ['pool'],
    },
    () => perPool((pool) => counts.attempts[pool]?.masked ?? 0),
  );
  exposition.counter(
    {
      name: 'bluegreen_upstream_attempts_total',
      help: 'Attempts at a pool by result; a request can take two.',
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
      help: 'From the first byte of a request to the last byte of its answer, by the pool that answered; without WebSockets.',
      labels: ['pool'],
    },
    () => answerers.flatMap((pool, index) => withLabel(pool, counts.durations[index])),
  );
  exposition.durations(
    {
      name: 'bluegreen_upstream_first_byte_seconds',
      help: "From the start of an attempt to the first byte of the pool's answer.",
      labels: ['pool'],
    },
    () => pools.flatMap((pool, index) => withLabel(pool, counts.attempts[index]?.firstByte)),
  );
}

function perPool(value: (index: number) => number) {
  return pools.map((pool: Pool, index) => [[pool], value(index)] as const);
}

function withLabel<T>(label: string, value: T | undefined) {
  return value === undefined ? [] : [[[label], value] as const];
}
