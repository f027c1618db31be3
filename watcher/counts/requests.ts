import { Durations } from '../../metrics/durations.ts';
import { type Pool, pools } from '../../settings/pool.ts';
import type { AccessEvent } from '../request/event.ts';
import { failedAt, failedForVisitor, visitorLeft } from '../request/observe.ts';
import { ReleaseCounts } from './releases.ts';

/** Who answered; `none`: no pool did. */
export const answerers = [...pools, 'none'] as const;
export const statusClasses = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const;

/** Counts one pool's attempts, whatever became of the request. */
class Attempts {
  address: string;
  total = 0;
  failed = 0;
  /** Requests that failed here and that the other pool made good. */
  masked = 0;
  /** Of answers, to their first byte. */
  readonly firstByte = new Durations();

  constructor(address: string) {
    this.address = address;
  }
}

/**
 * What every request leaves in the metrics: additions to numbers that are there, and nothing else, as this runs half a
 * million times a second. Counted since the start of the process; previews are left out.
 */
export class RequestCounts {
  /** By who answered, then by class of status. */
  readonly requests: readonly number[][] = answerers.map(() => statusClasses.map(() => 0));
  readonly durations: readonly Durations[] = answerers.map(() => new Durations());
  readonly attempts: readonly Attempts[];
  readonly releases = new ReleaseCounts();
  /** Requests that reached the pools and got an answer, and those that failed for the visitor: what an objective is about. */
  visitors = 0;
  failedForVisitors = 0;
  /** Requests that reached the pools, and whose visitor left before an answer: none of those above. */
  left = 0;
  cutOff = 0;

  /** @param addresses as the edge logs them */
  constructor(addresses: { readonly [pool in Pool]: string }) {
    this.attempts = pools.map((pool) => new Attempts(addresses[pool]));
  }

  readonly count = (event: AccessEvent): void => {
    const { pool, status, attempts, cutOff } = event;
    const answerer = pool === 'blue' ? 0 : pool === 'green' ? 1 : 2;
    const statusClass = status < 200 ? 0 : status >= 500 ? 4 : Math.trunc(status / 100) - 1;
    const row = this.requests[answerer];
    if (row !== undefined) row[statusClass] = (row[statusClass] ?? 0) + 1;
    // A WebSocket lasts as long as somebody looks at it.
    if (status !== 101) this.durations[answerer]?.count(event.endMs - event.startMs);
    if (pool !== undefined) this.releases.count(pool, event.release, statusClass, event.endMs);
    // The maintenance page is nobody's failure.
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
      // Where no pool was left to try, nginx logs the name of the group.
      if (attempt === undefined || counts === undefined) continue;
      // The visitor left before this one had an end.
      if (attempt.status === 0) continue;
      const isLast = index === attempts.length - 1;
      counts.total++;
      if (failedAt(event, index)) counts.failed++;
      if (attempt.status >= 500 && !isLast && isGood) counts.masked++;
      if (attempt.headerMs !== undefined && !attempt.silent) counts.firstByte.count(attempt.headerMs);
    }
  }

  #at(address: string): Attempts | undefined {
    for (const attempts of this.attempts) {
      if (attempts.address !== address) continue;
      // The same text as the same object is found to be equal at once.
      attempts.address = address;
      return attempts;
    }
    return undefined;
  }
}
