import type { Cause } from '../health/cause.ts';
import { Durations } from '../metrics/durations.ts';

/** Why checks fail: a fixed set of label values, to which an app cannot add. All statuses share one. */
export const failures = ['status', 'timeout', 'refused', 'reset', 'cut off', 'unreachable', 'other'] as const;
export type Failure = (typeof failures)[number];

/** The results of one pool's checks since the start. */
export class ProbeCounts {
  passed = 0;
  readonly failed: { [failure in Failure]: number } = {
    status: 0,
    timeout: 0,
    refused: 0,
    reset: 0,
    'cut off': 0,
    unreachable: 0,
    other: 0,
  };
  /** Checks without an answer in time for which the machine may be the reason; they are counted as failed as well. */
  late = 0;
  /** Immediate checks triggered by a failed request. */
  prompted = 0;
  /** Transitions of the verdict. */
  becameDown = 0;
  becameUp = 0;
  /** Failed attempts to write or remove the flag. */
  flagErrors = 0;
  readonly durations = new Durations();

  count(cause: Cause, tookMs: number): void {
    if (cause === undefined) this.passed++;
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
