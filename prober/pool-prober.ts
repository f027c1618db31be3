import type { Logger } from 'pino';
import { healthCheck } from '../health/check.ts';
import { type HealthQuestion, hintFor } from '../health/question.ts';
import { errorCode } from '../system/error-code.ts';
import type { Target } from './config.ts';
import { flag } from './flag.ts';
import { ProbeCounts } from './probe-counts.ts';
import { firstVerdict, judge, type Verdict } from './verdict.ts';

/** Failed requests trigger at most one immediate check in this time. */
const promptEveryMs = 100;

export interface PoolProber {
  verdict(): Verdict;
  /** When the last check ended, in epoch milliseconds. Undefined before the first. */
  lastCheckAt(): number | undefined;
  readonly counts: ProbeCounts;
  /**
   * Call this when a request to the pool has failed. Checks the pool immediately and repeats the check, without waiting for
   * the interval, until one passes or the pool is down. The number of failed checks needed stays the same. Calls within
   * 100 ms of the last one that took effect are ignored.
   */
  checkNow(): void;
  /** Stops checking and removes the flag, which nothing else would clear. */
  stop(): Promise<void>;
}

export interface ProberOptions {
  readonly question: HealthQuestion;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly fall: number;
  readonly rise: number;
  /** Called after each check, when the flag shows the verdict. */
  readonly onVerdict?: () => void;
}

/**
 * Checks one pool until stopped, independently of the other pool. A check without an answer does not delay the next one: up
 * to `fall` checks are in flight at the same time, so that a silent pool is down `fall - 1` intervals after the first check
 * has timed out.
 */
export function startPoolProber(target: Target, options: ProberOptions, log: Logger): PoolProber {
  const downFlag = flag(target.flag);
  const { question, timeoutMs } = options;
  const health = healthCheck(target.origin, question, { timeoutMs, maxConcurrent: options.fall });
  const counts = new ProbeCounts();
  let verdict = firstVerdict(downFlag.isSet());
  let downSince = Date.now();
  let lastCheckAt: number | undefined;
  let flagFault: string | undefined;
  let inFlight = 0;
  let isDue = false;
  let isUrgent = false;
  let promptedMs = Number.NEGATIVE_INFINITY;
  let stopped = false;

  function begin(): void {
    isDue = inFlight >= options.fall;
    if (!isDue) void round();
  }

  async function round(): Promise<void> {
    inFlight++;
    const startedMs = performance.now();
    const cause = await health.check();
    inFlight--;
    if (stopped) return;
    counts.count(cause, performance.now() - startedMs);
    lastCheckAt = Date.now();
    const before = verdict;
    verdict = judge(before, cause, options);
    if (verdict.down !== before.down) announce(lastCheckAt);
    updateFlag();
    options.onVerdict?.();
    // A check that was sent before the request failed proves nothing about the pool's state after it.
    if (verdict.down || (cause === undefined && startedMs >= promptedMs)) isUrgent = false;
    if (isDue || isUrgent) begin();
  }

  function announce(now: number): void {
    const { pool } = target;
    if (verdict.down) counts.becameDown++;
    else counts.becameUp++;
    if (verdict.down) {
      const hint = hintFor(question, verdict.cause);
      log.warn(
        { pool, cause: verdict.cause },
        `${pool} is down: ${verdict.cause}${hint === undefined ? '' : ` (${hint})`}`,
      );
    } else log.info({ pool, downForMs: now - downSince }, `${pool} is up again`);
    downSince = now;
  }

  /** Runs after every check, so that a flag that could not be written or that somebody removed is corrected. */
  function updateFlag(): void {
    try {
      if (downFlag.isSet() !== verdict.down) {
        downFlag.set(verdict.down, `${JSON.stringify({ since: downSince, cause: verdict.cause })}\n`);
      }
      flagFault = undefined;
    } catch (error) {
      counts.flagErrors++;
      const fault = errorCode(error) ?? String(error);
      if (fault !== flagFault)
        log.error({ pool: target.pool, path: target.flag, fault }, 'cannot change the flag; retrying');
      flagFault = fault;
    }
  }

  begin();
  const timer = setInterval(begin, options.intervalMs);
  return {
    verdict: () => verdict,
    lastCheckAt: () => lastCheckAt,
    counts,
    checkNow() {
      const nowMs = performance.now();
      if (verdict.down || nowMs - promptedMs < promptEveryMs) return;
      promptedMs = nowMs;
      counts.prompted++;
      isUrgent = true;
      begin();
    },
    async stop() {
      stopped = true;
      clearInterval(timer);
      verdict = { ...verdict, down: false };
      updateFlag();
      await health.close();
    },
  };
}
