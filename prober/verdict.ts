import type { Cause } from '../health/cause.ts';

/** Whether one pool is down, and how close the verdict is to changing. */
export interface Verdict {
  readonly down: boolean;
  /** The number of consecutive checks that contradict `down`. */
  readonly inARow: number;
  /** The cause of the last failed check. */
  readonly cause: Cause;
}

/** A flag that an earlier run left behind is kept until enough checks pass. */
export function firstVerdict(flagged: boolean): Verdict {
  return { down: flagged, inARow: 0, cause: undefined };
}

/** Down after `fall` consecutive failed checks, up after `rise` consecutive passed checks. */
export function judge(verdict: Verdict, cause: Cause, thresholds: { fall: number; rise: number }): Verdict {
  const failed = cause !== undefined;
  const latest = cause ?? verdict.cause;
  if (failed === verdict.down) return { down: verdict.down, inARow: 0, cause: latest };
  const inARow = verdict.inARow + 1;
  const needed = failed ? thresholds.fall : thresholds.rise;
  if (inARow < needed) return { down: verdict.down, inARow, cause: latest };
  return { down: failed, inARow: 0, cause: latest };
}
