import { latencyBounds } from '../../metrics/bounds.ts';
import type { AccessEvent } from '../request/event.ts';
import { failedForVisitor, failedUpstream, visitorLeft } from '../request/observe.ts';
import { Tier, type TierSnapshot } from './tier.ts';

const secondMs = 1_000;
const minuteMs = 60_000;

/** The columns of a row: counts of the requests that ended within its time. The buckets of the latencies follow. */
export const columns = {
  blue: 0,
  green: 1,
  /** No pool answered. */
  none: 2,
  /** There was at least one attempt; the two below count among these. */
  tried: 3,
  /** An attempt failed, masked or not. */
  failed: 4,
  /** The request failed for the visitor. */
  lost: 5,
  latency: 6,
} as const;

/** After a crash lines are read again, but none this much older than the newest: then the clock was set back. */
const maxRepeatedMs = 60_000;

const width = columns.latency + latencyBounds.buckets;

/** Plain JSON. */
export interface SeriesSnapshot {
  /** The end of the newest request that was counted. */
  readonly countedMs: number;
  readonly tiers: readonly TierSnapshot[];
}

/** The error rate at the left edge of a chart covers requests from up to this long before. */
const beforeMs = 15 * minuteMs;

/**
 * Requests by the second for a quarter of an hour and by the minute for a day, each with another quarter of an hour before,
 * by the time in the log. It runs for every line, so counting one is a few increments.
 */
export class RequestSeries {
  readonly seconds = new Tier(secondMs, (15 * minuteMs + beforeMs) / secondMs, width);
  readonly minutes = new Tier(minuteMs, (24 * 60 * minuteMs + beforeMs) / minuteMs, width);
  readonly #counts = this.seconds.cells;
  readonly #sums = this.minutes.cells;
  /** The second that the current rows belong to. */
  #fromMs = 0;
  #untilMs = 0;
  #second = 0;
  #minute = 0;
  #countedMs = 0;
  /** Requests up to this time were counted before the restart. */
  #restoredMs = 0;

  readonly count = (event: AccessEvent): void => {
    const { endMs, startMs, pool, attempts } = event;
    if (endMs <= this.#restoredMs && endMs > this.#restoredMs - maxRepeatedMs) return;
    if (endMs < this.#fromMs || endMs >= this.#untilMs) this.#turnTo(endMs);
    if (endMs > this.#countedMs || endMs < this.#countedMs - maxRepeatedMs) this.#countedMs = endMs;
    this.#add(pool === 'blue' ? columns.blue : pool === 'green' ? columns.green : columns.none);
    // The maintenance page needs no pool and is no error.
    if (attempts.length === 0) return;
    this.#add(columns.tried);
    if (failedUpstream(event)) this.#add(columns.failed);
    if (failedForVisitor(event)) this.#add(columns.lost);
    if (!visitorLeft(event)) this.#add(columns.latency + latencyBounds.bucketOf(firstByteMs(event) ?? endMs - startMs));
  };

  snapshot(): SeriesSnapshot {
    return { countedMs: this.#countedMs, tiers: [this.seconds.snapshot(), this.minutes.snapshot()] };
  }

  restore({ countedMs, tiers }: SeriesSnapshot): void {
    for (const tier of tiers) for (const own of [this.seconds, this.minutes]) own.restore(tier);
    this.#countedMs = countedMs;
    this.#restoredMs = countedMs;
  }

  #turnTo(endMs: number): void {
    // A line that is read again after a crash was counted already; lines from the first newer one on were not.
    this.#restoredMs = 0;
    this.#fromMs = Math.floor(endMs / secondMs) * secondMs;
    this.#untilMs = this.#fromMs + secondMs;
    this.#second = this.seconds.rowAt(endMs);
    this.#minute = this.minutes.rowAt(endMs);
  }

  #add(column: number): void {
    const second = this.#second + column;
    const minute = this.#minute + column;
    this.#counts[second] = (this.#counts[second] ?? 0) + 1;
    this.#sums[minute] = (this.#sums[minute] ?? 0) + 1;
  }
}

/** From the start of the request to the first byte of the answer; undefined if it was not logged. */
function firstByteMs({ attempts }: AccessEvent): number | undefined {
  let ms = 0;
  for (let index = 0; index < attempts.length; index++) {
    const attempt = attempts[index];
    const part = index === attempts.length - 1 ? attempt?.headerMs : attempt?.tookMs;
    if (part === undefined) return undefined;
    ms += part;
  }
  return ms;
}
