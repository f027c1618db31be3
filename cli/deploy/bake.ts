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
/** Fewer requests, or fewer failures, are not judged before the end: one failed request of twenty is no rate. */
const minRequests = 20;
const minFailed = 3;
/** A fresh process is slow at first. */
const warmUpMs = 5_000;
const minLatencySamples = 100;
/** So much slower than the release before is a breach: both twice as slow and by this much. */
const slowerFactor = 2;
const slowerByMs = 50;
/** So long may the edge say nothing, as where nginx is started anew. */
const edgeGoneMs = 5_000;
/** How long the end waits for the watcher to read what was logged until then. */
const catchUpMs = 5_000;

export interface BakeOptions {
  readonly forMs: number;
  readonly maxErrorPercent: number;
  /** The colour that is to be active meanwhile. */
  readonly active: Pool;
  /** How fast the other colour was before, or is beside it. */
  readonly latencyBefore: (now: Counters) => PoolCounts;
}

export interface Baked {
  readonly lastedMs: number;
  readonly requests: number;
  readonly failed: number;
  /** Why the release is not fit to stay; undefined: it is. */
  readonly breach: string | undefined;
  /** Somebody has made the other colour active meanwhile. */
  readonly overtaken: boolean;
}

/**
 * Watches a release that has visitors, by what the access log says of it and by its health checks.
 * @throws {CommandError} when neither the watcher nor the edge says for a while whether it is active and healthy
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
  /** When it was known last that the release is active and healthy. */
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
    // What the watcher knows of the flags may be as old as its last look at them; good news is enough.
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
      if (!warned) warning('the watcher does not answer: errors and latency cannot be judged, only health is');
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
  return `${lost} of ${own} requests were not answered well (${share(lost, own)}, allowed ${options.maxErrorPercent}%)`;
}

function latencyBreach(seen: PoolCounts, options: BakeOptions, now: Counters): string | undefined {
  const before = quantileMs(options.latencyBefore(now), 0.95, minLatencySamples);
  const after = quantileMs(seen, 0.95, minLatencySamples);
  if (before === undefined || after === undefined) return undefined;
  if (after <= before * slowerFactor || after - before <= slowerByMs) return undefined;
  return `95% of the answers begin within ${duration(after)}, of the release before within ${duration(before)}`;
}

function left(ms: number): string {
  return ms > 0 ? `${duration(ms)} left` : 'waiting for the last lines of the log';
}

/** What was seen, in words. */
export function bakedText({ lastedMs, requests, failed }: Baked): string {
  if (requests === 0) return `nobody came in ${duration(lastedMs)}, so only its health was watched`;
  return `${requestCount(requests)} in ${duration(lastedMs)}, ${share(failed, requests)} failed`;
}

/** For a canary: the other colour at the same time. */
export function beside(begin: Counters | undefined, pool: Pool): BakeOptions['latencyBefore'] {
  return (now) => since(begin, now, otherPool(pool));
}

/** For what comes after a switch: the other colour until then. */
export function before(
  begin: Counters | undefined,
  end: Counters | undefined,
  pool: Pool,
): BakeOptions['latencyBefore'] {
  const none: PoolCounts = { own: 0, lost: 0, latencyMs: { bounds: [], counts: [] } };
  const counted = end === undefined ? none : since(begin, end, otherPool(pool));
  return () => counted;
}
