import { Durations } from '../metrics/durations.ts';
import type { Cause } from './health-check.ts';

/** Why checks fail, without what an app can make up: one word for every status. */
export const failures = ['status', 'timeout', 'refused', 'reset', 'cut off', 'unreachable', 'other'] as const;
export type Failure = (typeof failures)[number];

/** What the checks of one pool came to since the start. */
export class ProbeCounts {
  good = 0;
  readonly failed: { [failure in Failure]: number } = {
    status: 0,
    timeout: 0,
    refused: 0,
    reset: 0,
    'cut off': 0,
    unreachable: 0,
    other: 0,
  };
  /** How often a failed request was a reason to check at once. */
  prompted = 0;
  /** How often the verdict became this. */
  becameDown = 0;
  becameUp = 0;
  /** Flags that could not be written or removed. */
  flagErrors = 0;
  readonly durations = new Durations();

  count(cause: Cause, tookMs: number): void {
    if (cause === undefined) this.good++;
    else this.failed[failureOf(cause)]++;
    this.durations.count(tookMs);
  }
}

function failureOf(cause: string): Failure {
  if (cause.startsWith('status ')) return 'status';
  switch (cause) {
    case 'timeout':
    case 'refused':
    case 'unreachable':
      return cause;
    case 'connection reset':
      return 'reset';
    case 'answer cut off':
      return 'cut off';
    default:
      return 'other';
  }
}
