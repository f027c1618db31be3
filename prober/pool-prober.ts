import type { Logger } from 'pino';
import { errorCode } from '../system/error-code.ts';
import type { Target } from './config.ts';
import { flag } from './flag.ts';
import { healthCheck } from './health-check.ts';
import { ProbeCounts } from './probe-counts.ts';
import { firstVerdict, judge, type Verdict } from './verdict.ts';

/** A request that fails is reason enough for a check no more often than this. */
const promptEveryMs = 100;

export interface PoolProber {
  verdict(): Verdict;
  /** When the last check ended; undefined before the first. */
  lastCheckAt(): number | undefined;
  readonly counts: ProbeCounts;
  /**
   * A request to the pool has failed: checks it at once, and again at once while checks fail, until it is good or down. As
   * many failed checks as ever decide. Heeded ten times a second at most, whoever asks.
   */
  checkNow(): void;
  /** Removes the flag: without a prober nobody could take it back. */
  stop(): Promise<void>;
}

export interface ProberOptions {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly fall: number;
  readonly rise: number;
}

/**
 * Checks one pool for ever, by itself: the other one's slowness never delays it. Nor does a check that nobody answers delay the
 * next one: as many as it takes to call a pool down are on their way at once, so that a silent one is down one interval after
 * the first of them has timed out.
 */
export function startPoolProber(target: Target, options: ProberOptions, log: Logger): PoolProber {
  const downFlag = flag(target.flag);
  const health = healthCheck(target, { timeoutMs: options.timeoutMs, atOnce: options.fall });
  const counts = new ProbeCounts();
  let verdict = firstVerdict(downFlag.isSet());
  let downSince = Date.now();
  let lastCheckAt: number | undefined;
  let flagFault: string | undefined;
  let underWay = 0;
  let isDue = false;
  let isUrgent = false;
  let promptedMs = Number.NEGATIVE_INFINITY;
  let stopped = false;

  function begin(): void {
    isDue = underWay >= options.fall;
    if (!isDue) void round();
  }

  async function round(): Promise<void> {
    underWay++;
    const startedMs = performance.now();
    const cause = await health.check();
    underWay--;
    if (stopped) return;
    counts.count(cause, performance.now() - startedMs);
    lastCheckAt = Date.now();
    const before = verdict;
    verdict = judge(before, cause, options);
    if (verdict.down !== before.down) announce(lastCheckAt);
    showFlag();
    // A good answer to an older check says nothing about the request that failed since.
    if (verdict.down || (cause === undefined && startedMs >= promptedMs)) isUrgent = false;
    if (isDue || isUrgent) begin();
  }

  function announce(now: number): void {
    const { pool } = target;
    if (verdict.down) counts.becameDown++;
    else counts.becameUp++;
    if (verdict.down) log.warn({ pool, cause: verdict.cause }, `${pool} is down: ${verdict.cause}`);
    else log.info({ pool, downForMs: now - downSince }, `${pool} is up again`);
    downSince = now;
  }

  /** Compares at every round, so that a flag which could not be written, or which somebody removed, is put right. */
  function showFlag(): void {
    try {
      if (downFlag.isSet() !== verdict.down) {
        downFlag.set(verdict.down, `${JSON.stringify({ since: downSince, cause: verdict.cause })}\n`);
      }
      flagFault = undefined;
    } catch (error) {
      counts.flagErrors++;
      const fault = errorCode(error) ?? String(error);
      if (fault !== flagFault)
        log.error({ pool: target.pool, path: target.flag, fault }, 'cannot change the flag; trying on');
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
      showFlag();
      await health.close();
    },
  };
}
