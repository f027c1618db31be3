/**
 * Why an attempt failed:
 *
 * - `refused`: the CA said no. It counts such attempts, and blocks who makes too many;
 * - `unreachable`: the CA could not be asked, or has a problem of its own;
 * - `local`: something is missing here, so that the CA was not asked.
 */
export type FailureKind = 'refused' | 'unreachable' | 'local';

export interface Failure {
  readonly kind: FailureKind;
  /** For people: what is wrong and what to do about it. */
  readonly message: string;
  /** Before that, the CA wants no other attempt. */
  readonly retryAtMs?: number | undefined;
}

/** The pause after the first failure, which doubles with each that follows, up to the longest. */
export interface Pauses {
  readonly firstMs: number;
  readonly longestMs: number;
}

export type Backoff = Readonly<Record<FailureKind, Pauses>>;

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

export const backoff: Backoff = {
  refused: { firstMs: 5 * minuteMs, longestMs: 12 * hourMs },
  unreachable: { firstMs: minuteMs, longestMs: hourMs },
  local: { firstMs: minuteMs, longestMs: 10 * minuteMs },
};

/** @param count how many attempts have failed in this way since the last success, from 1 on */
export function pauseMs({ firstMs, longestMs }: Pauses, count: number): number {
  return Math.min(firstMs * 2 ** (count - 1), longestMs);
}
