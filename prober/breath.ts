import type { Cause } from '../health/cause.ts';
import { otherPool, type Pool } from '../settings/pool.ts';

/** The prober's own event loop is late if a timer fires this much after its time. Without load, it is below 10 ms. */
const driftMs = 50;
/** So many processes that want to run for each core make any of them late now and then, even if nothing else shows it. */
const busyLoad = 4;
/** How long a sign of lateness counts. */
const windowMs = 10_000;
/** Both pools are late in the same time. */
const togetherMs = 5_000;

/** A check that has ended. Times are of one clock that is never set back. */
export interface EndedCheck {
  readonly startedMs: number;
  readonly endedMs: number;
  readonly cause: Cause;
}

/** What a check says about its pool. `late`: there was no answer in time, but the machine may be the reason. */
export type Meaning = 'passed' | 'failed' | 'late';

interface Seen {
  /** When the last check began that was answered in time, whatever the answer. */
  answeredMs: number;
  /** When a check last took half of its time or more. */
  slowMs: number;
  /** When a check last got no answer in time. */
  missedMs: number;
}

/**
 * Tells a pool that is late from a machine that is out of breath, on which both pools and the prober itself are late. Has no
 * clock: times come with the checks.
 */
export class Breath {
  readonly #timeoutMs: number;
  readonly #slackMs: number;
  readonly #seen: { readonly [pool in Pool]: Seen } = { blue: neverSeen(), green: neverSeen() };
  #strainedMs = Number.NEGATIVE_INFINITY;
  #overloaded = false;

  /** @param intervalMs the time between two checks of a pool */
  constructor({ timeoutMs, intervalMs }: { readonly timeoutMs: number; readonly intervalMs: number }) {
    this.#timeoutMs = timeoutMs;
    this.#slackMs = Math.min(intervalMs, timeoutMs);
  }

  /** A timer of the prober fired `lateMs` after its time. */
  drifted(lateMs: number, nowMs: number): void {
    if (lateMs >= driftMs) this.#strainedMs = nowMs;
  }

  /** @param load the load average of the last minute, for each core */
  loaded(load: number, nowMs: number): void {
    if (load >= busyLoad) this.#strainedMs = nowMs;
  }

  /**
   * A pool is down for lateness only if the other one is not late: that one has answered a check that began no earlier, and
   * nothing else shows that the machine is busy. Anything but lateness speaks for itself.
   */
  meaningOf(pool: Pool, { startedMs, endedMs, cause }: EndedCheck): Meaning {
    const own = this.#seen[pool];
    if (endedMs - startedMs >= this.#timeoutMs / 2) own.slowMs = endedMs;
    if (cause !== 'timeout') {
      if (isAnswer(cause)) own.answeredMs = Math.max(own.answeredMs, startedMs);
      return cause === undefined ? 'passed' : 'failed';
    }
    own.missedMs = endedMs;
    this.drifted(endedMs - startedMs - this.#timeoutMs, endedMs);
    const other = this.#seen[otherPool(pool)];
    const sinceMs = endedMs - windowMs;
    const isOtherInTime = other.answeredMs >= startedMs - this.#slackMs && other.slowMs < sinceMs;
    return isOtherInTime && this.#strainedMs < sinceMs ? 'failed' : 'late';
  }

  /** Whether both pools get no answer through in time, which is the machine's fault and not theirs. */
  isOverloaded(nowMs: number): boolean {
    const { blue, green } = this.#seen;
    const missedMs = Math.min(blue.missedMs, green.missedMs);
    if (nowMs - missedMs < togetherMs) this.#overloaded = true;
    else if (nowMs - missedMs >= windowMs) this.#overloaded = false;
    return this.#overloaded;
  }
}

function neverSeen(): Seen {
  const never = Number.NEGATIVE_INFINITY;
  return { answeredMs: never, slowMs: never, missedMs: never };
}

/** An app has answered, and not only the system that it runs on. */
function isAnswer(cause: Cause): boolean {
  if (cause === undefined || cause.startsWith('status ')) return true;
  return cause === 'answer cut off' || cause === 'not HTTP' || cause === 'header too long';
}
