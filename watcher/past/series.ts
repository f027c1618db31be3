import { latencyBounds } from '../../metrics/bounds.ts';
import type { AccessEvent } from '../request/event.ts';
import { failedForVisitor, failedUpstream, visitorLeft } from '../request/observe.ts';
import { Tier, type TierSnapshot } from './tier.ts';

const secondMs = 1_000;
const minuteMs = 60_000;

/** What is counted of the requests that ended within one bucket of time. The latencies' places follow. */
export const columns = {
  blue: 0,
  green: 1,
  /** No pool answered. */
  none: 2,
  /** At least one pool was asked; the two below are shares of these. */
  tried: 3,
  /** A pool failed, whether or not the other one made it good. */
  failed: 4,
  /** It failed for the visitor. */
  lost: 5,
  latency: 6,
} as const;

/** Lines come again after a crash, but none that are so much older than the newest: the clock was set back. */
const maxRepeatedMs = 60_000;

const width = columns.latency + latencyBounds.buckets;

/** Plain JSON. */
export interface SeriesSnapshot {
  /** The end of the newest request that is counted. */
  readonly countedMs: number;
  readonly tiers: readonly TierSnapshot[];
}

/** An error rate at the beginning of what is shown is of requests from so long before. */
const beforeMs = 15 * minuteMs;

/**
 * Requests by the second for a quarter of an hour and by the minute for a day, and for a quarter of an hour before, at the
 * time that the log tells. It is in the way of every line: counting one is a few increments.
 */
export class RequestSeries {
  readonly seconds = new Tier(secondMs, (15 * minuteMs + beforeMs) / secondMs, width);
  readonly minutes = new Tier(minuteMs, (24 * 60 * minuteMs + beforeMs) / minuteMs, width);
  readonly #counts = this.seconds.cells;
  readonly #sums = this.minutes.cells;
  /** The second that the rows are of. */
  #fromMs = 0;
  #untilMs = 0;
  #second = 0;
  #minute = 0;
  #countedMs = 0;
  /** Up to here it was counted before the restart. */
  #restoredMs = 0;

  readonly count = (event: AccessEvent): void => {
    const { endMs, startMs, pool, attempts } = event;
    if (endMs <= this.#restoredMs && endMs > this.#restoredMs - maxRepeatedMs) return;
    if (endMs < this.#fromMs || endMs >= this.#untilMs) this.#turnTo(endMs);
    if (endMs > this.#countedMs || endMs < this.#countedMs - maxRepeatedMs) this.#countedMs = endMs;
    this.#add(pool === 'blue' ? columns.blue : pool === 'green' ? columns.green : columns.none);
    // The maintenance page, which no pool is asked for, is no error.
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
    // A line that comes again after a crash has been counted; from the first newer one on, none has.
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

/** From the request's beginning to the answer's first byte, which a long stream has early; undefined: not logged. */
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
