import { setTimeout as delay } from 'node:timers/promises';
import { duration, requests as requestCount, share } from '../../report/figures.ts';
import { otherPool, type Pool } from '../../settings/pool.ts';
import { edgeStatus } from '../edge/control-state.ts';
import type { Engine } from '../engine/engine.ts';
import type { Stack } from '../stack/stack.ts';
import type { Say } from '../terminal/steps.ts';
import { warning } from '../terminal/terminal.ts';
import { type Counters, type PoolCounts, quantileMs, readCounters, since } from './counters.ts';

const intervalMs = 250;
/** With fewer failures there is no breach; with fewer requests, none before the end: 1 failed request in 20 is not a rate. */
const minRequests = 20;
const minFailed = 3;
/** A new process is slow at first, so its latency is not judged before this. */
const warmUpMs = 5_000;
const minLatencySamples = 100;
/** A p95 latency both this many times the previous release's and this much above it is a breach. */
const slowerFactor = 2;
const slowerByMs = 50;
/** How long the edge may not answer, for example while nginx restarts. */
const edgeGoneMs = 5_000;
/** How long to wait at the end for the watcher to read the lines logged by then. */
const catchUpMs = 5_000;

export interface BakeOptions {
  readonly forMs: number;
  readonly maxErrorPercent: number;
  /** The pool that must stay active during the bake. */
  readonly active: Pool;
  /** Counts of the other pool that the latency is compared with: before the switch, or during the canary. */
  readonly baseline: (now: Counters) => PoolCounts;
}

export interface Baked {
  readonly lastedMs: number;
  readonly requests: number;
  readonly failed: number;
  /** Why the release must not stay active; undefined if it passed. */
  readonly breach: string | undefined;
  /** An operator has made the other pool active during the bake. */
  readonly overtaken: boolean;
}

/**
 * Monitors a release that serves visitors: its errors and latency in the access log, and its health checks.
 * @throws {CommandError} if for 5 s neither the watcher nor the edge reports whether the release is active and healthy
 */
export async function bake(
  stack: Stack,
  engine: Engine,
  pool: Pool,
  options: BakeOptions,
  { say, signal }: { readonly say: Say; readonly signal: AbortSignal },
): Promise<Baked> {
  const startedAt = Date.now();
  const lasted = () => Date.now() - startedAt;
  let begin = await readCounters(stack);
  let warm: Counters | undefined;
  let seen: PoolCounts | undefined;
  let warned = false;
  /** When the release was last known to be active and healthy. */
  let knownAt = startedAt;

  const result = (breach?: string, overtaken = false): Baked => ({
    lastedMs: lasted(),
    requests: seen?.own ?? 0,
    failed: seen?.lost ?? 0,
    breach,
    overtaken,
  });

  for (;;) {
    const atEnd = lasted() >= options.forMs;
    const now = await readCounters(stack);
    // The watcher may not have read the latest flags. If it reports a problem, the edge decides.
    if (now?.active !== options.active || now.down?.[pool] !== false) {
      const edge = await edgeStatus(engine).catch((error) => {
        if (Date.now() - knownAt > edgeGoneMs) throw error;
      });
      if (edge !== undefined) {
        if (edge.active !== options.active) return result(undefined, true);
        if (edge.down[pool]) return result(`${pool} fails its health checks`);
        knownAt = Date.now();
      }
    } else {
      knownAt = Date.now();
    }
    if (now === undefined) {
      if (!warned) warning('the watcher does not answer: monitoring health only, not errors or latency');
      warned = true;
    } else {
      if (begin === undefined || begin.startedAtMs !== now.startedAtMs) begin = now;
      if (lasted() >= warmUpMs && warm?.startedAtMs !== now.startedAtMs) warm = now;
      seen = since(begin, now, pool);
      const breach = errorBreach(seen, options, atEnd) ?? (warm && latencyBreach(since(warm, now, pool), options, now));
      if (breach !== undefined) return result(breach);
      say(`${requestCount(seen.own)}, ${share(seen.lost, seen.own)} failed, ${left(options.forMs - lasted())}`);
    }
    const isBehind = (now?.lagBytes ?? 0) > 0 && lasted() < options.forMs + catchUpMs;
    if (atEnd && !isBehind) return result();
    await delay(Math.min(intervalMs, Math.max(10, options.forMs - lasted())), undefined, { signal });
  }
}

function errorBreach({ own, lost }: PoolCounts, options: BakeOptions, atEnd: boolean): string | undefined {
  if (lost < minFailed || (own < minRequests && !atEnd)) return undefined;
  if ((lost / own) * 100 <= options.maxErrorPercent) return undefined;
  return `${lost} of ${own} requests failed (${share(lost, own)}, allowed ${options.maxErrorPercent}%)`;
}

function latencyBreach(seen: PoolCounts, options: BakeOptions, now: Counters): string | undefined {
  const before = quantileMs(options.baseline(now), 0.95, minLatencySamples);
  const after = quantileMs(seen, 0.95, minLatencySamples);
  if (before === undefined || after === undefined) return undefined;
  if (after <= before * slowerFactor || after - before <= slowerByMs) return undefined;
  return `95% of responses begin within ${duration(after)}, compared with ${duration(before)} for the previous release`;
}

function left(ms: number): string {
  return ms > 0 ? `${duration(ms)} left` : 'waiting for the watcher to read the last log lines';
}

/** The result of a bake, as in "500 requests in 30 s, 0.00% failed". */
export function bakedText({ lastedMs, requests, failed }: Baked): string {
  if (requests === 0) return `no requests in ${duration(lastedMs)}, so only its health was checked`;
  return `${requestCount(requests)} in ${duration(lastedMs)}, ${share(failed, requests)} failed`;
}

/** The baseline of a canary: the other pool since `begin`. */
export function duringCanary(begin: Counters | undefined, pool: Pool): BakeOptions['baseline'] {
  return (now) => since(begin, now, otherPool(pool));
}

/** The baseline after a switch: the other pool from `begin` to `end`, that is, until the switch. */
export function untilSwitch(
  begin: Counters | undefined,
  end: Counters | undefined,
  pool: Pool,
): BakeOptions['baseline'] {
  const none: PoolCounts = { own: 0, lost: 0, latencyMs: { bounds: [], counts: [] } };
  const counted = end === undefined ? none : since(begin, end, otherPool(pool));
  return () => counted;
}
