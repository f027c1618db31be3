import type { Logger } from 'pino';
import { healthCheck } from '../health/check.ts';
import { type HealthQuestion, hintFor } from '../health/question.ts';
import { errorCode } from '../system/error-code.ts';
import type { Breath } from './breath.ts';
import type { Target } from './config.ts';
import { flag } from './flag.ts';
import { ProbeCounts } from './probe-counts.ts';
import { firstVerdict, judge, type Verdict } from './verdict.ts';

/** Failed requests trigger at most one immediate check in this time. */
const promptEveryMs = 100;
/** A pool that is late while the machine may be the reason gets this long for an answer … */
const leastPatienceMs = 3_000;
/** … or this many times PROBE_TIMEOUT_MS, if that is longer. */
const patienceFactor = 5;

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
  /** Checks the pool once now, unless a check is in flight. */
  look(): void;
  /** Stops checking and removes the flag, which nothing else would clear. */
  stop(): void;
}

export interface ProberOptions {
  readonly question: HealthQuestion;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly fall: number;
  readonly rise: number;
  /** Shared by both pools. */
  readonly breath: Breath;
  /** Called when the pool is late and nothing is known about the other one, which should be checked too. */
  readonly onLate?: () => void;
  /** Called after each check, when the flag shows the verdict. */
  readonly onVerdict?: () => void;
}

/**
 * Checks one pool until stopped. A check without an answer does not delay the next one: up to `fall` checks are in flight at
 * the same time, so that a silent pool is down `fall - 1` intervals after the first check has timed out. If the machine may be
 * the reason, as the other pool is late too or cannot be compared, the pool gets one check with more time: it is down if that
 * one gets no answer either.
 */
export function startPoolProber(target: Target, options: ProberOptions, log: Logger): PoolProber {
  const downFlag = flag(target.flag);
  const { question, timeoutMs } = options;
  const health = healthCheck(target.origin, question, { timeoutMs });
  const patienceMs = Math.max(leastPatienceMs, patienceFactor * timeoutMs);
  const patientHealth = healthCheck(target.origin, question, { timeoutMs: patienceMs });
  const counts = new ProbeCounts();
  let verdict = firstVerdict(downFlag.isSet());
  let downSince = Date.now();
  let lastCheckAt: number | undefined;
  let flagFault: string | undefined;
  let inFlight = 0;
  let isPatient = false;
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
    const endedMs = performance.now();
    counts.count(cause, endedMs - startedMs);
    lastCheckAt = Date.now();
    const meaning = options.breath.meaningOf(target.pool, { startedMs, endedMs, cause });
    if (meaning === 'late' && !verdict.down) {
      counts.late++;
      options.onLate?.();
      void bePatient();
    } else {
      pass(judge(verdict, cause, options));
    }
    options.onVerdict?.();
    // A check that was sent before the request failed proves nothing about the pool's state after it.
    if (verdict.down || (cause === undefined && startedMs >= promptedMs)) isUrgent = false;
    if (isDue || isUrgent) begin();
  }

  /** Finds a pool that hangs while the machine is busy. */
  async function bePatient(): Promise<void> {
    if (isPatient) return;
    isPatient = true;
    const cause = await patientHealth.check();
    isPatient = false;
    if (stopped || verdict.down || cause !== 'timeout') return;
    pass({ down: true, inARow: 0, cause });
    options.onVerdict?.();
  }

  function pass(next: Verdict): void {
    const before = verdict;
    verdict = next;
    if (verdict.down !== before.down) announce(Date.now());
    updateFlag();
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
  let tickMs = performance.now();
  const timer = setInterval(() => {
    const nowMs = performance.now();
    options.breath.drifted(nowMs - tickMs - options.intervalMs, nowMs);
    tickMs = nowMs;
    begin();
  }, options.intervalMs);
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
    look() {
      if (inFlight === 0) begin();
    },
    stop() {
      stopped = true;
      clearInterval(timer);
      verdict = { ...verdict, down: false };
      updateFlag();
      health.close();
      patientHealth.close();
    },
  };
}
