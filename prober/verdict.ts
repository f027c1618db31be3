import type { Cause } from './health-check.ts';

/** What is known of one pool. `inARow` counts the checks since the last one that contradicts the verdict. */
export interface Verdict {
  readonly down: boolean;
  /** Checks in a row that contradict `down`. */
  readonly inARow: number;
  /** Of the last failed check. */
  readonly cause: Cause;
}

/** A flag that an earlier run left behind counts until enough good checks say otherwise. */
export function firstVerdict(flagged: boolean): Verdict {
  return { down: flagged, inARow: 0, cause: undefined };
}

/** Down after `fall` failures in a row, up after `rise` good checks in a row. */
export function judge(verdict: Verdict, cause: Cause, thresholds: { fall: number; rise: number }): Verdict {
  const failed = cause !== undefined;
  const latest = cause ?? verdict.cause;
  if (failed === verdict.down) return { down: verdict.down, inARow: 0, cause: latest };
  const inARow = verdict.inARow + 1;
  const needed = failed ? thresholds.fall : thresholds.rise;
  if (inARow < needed) return { down: verdict.down, inARow, cause: latest };
  return { down: failed, inARow: 0, cause: latest };
}
