import type { Alert } from '../alerts/alert.ts';
import { isEndOf } from '../alerts/stages.ts';
import type { Form } from './notifier.ts';

/** One message that waits. Plain JSON. */
export interface OutboxEntry {
  readonly alert: Alert;
  /** The end of the same incident, told in the same message. */
  readonly end?: Alert | undefined;
  readonly queuedAtMs: number;
}

/** An entry, and what has been done about it. */
export interface Waiting {
  readonly entry: OutboxEntry;
  /** It is on disk, as far as that could be had. */
  durable: boolean;
  inFlight: boolean;
  /** How much of it the next try carries. */
  form: Form;
  /** How long it has waited; not by the clock, which can be set, unless it comes from before a restart. */
  readonly ageMs: () => number;
}

const maxText = 1_000;
const maxItems = 50;

/** The messages that wait for one channel, oldest first, bounded in number and in the length of every text. */
export class Queue {
  readonly #limit: number;
  readonly #waiting: Waiting[];

  constructor(limit: number, initial: readonly OutboxEntry[]) {
    this.#limit = limit;
    this.#waiting = initial.map((entry) => waiting(entry, () => Date.now() - entry.queuedAtMs, true));
  }

  get length(): number {
    return this.#waiting.length;
  }

  get head(): Waiting | undefined {
    return this.#waiting[0];
  }

  get entries(): readonly OutboxEntry[] {
    return this.#waiting.map(({ entry }) => entry);
  }

  /** Adds an alert, to the beginning of its incident if that still waits; returns whether it was. */
  push(alert: Alert): boolean {
    const bounded = boundedJson(alert);
    // What became worse was told twice: the end goes with the later.
    const index = this.#waiting.findLastIndex(
      ({ entry, inFlight }) => !inFlight && entry.end === undefined && isEndOf(bounded, entry.alert),
    );
    const beginning = this.#waiting[index];
    if (beginning === undefined) {
      const sinceMs = performance.now();
      this.#waiting.push(waiting({ alert: bounded, queuedAtMs: Date.now() }, () => performance.now() - sinceMs, false));
      return false;
    }
    this.#waiting[index] = waiting({ ...beginning.entry, end: bounded }, beginning.ageMs, false);
    return true;
  }

  /** Tells the first entry and its end as one, if the end came while the beginning was on its way in vain. */
  mergeHead(): boolean {
    const [head, ...rest] = this.#waiting;
    if (head === undefined || head.entry.end !== undefined) return false;
    const index = rest.findIndex(({ entry }) => entry.end === undefined && isEndOf(entry.alert, head.entry.alert));
    const end = rest[index];
    if (end === undefined) return false;
    this.#waiting.splice(index + 1, 1);
    this.#waiting[0] = waiting({ ...head.entry, end: end.entry.alert }, head.ageMs, head.durable && end.durable);
    return true;
  }

  shift(): void {
    this.#waiting.shift();
  }

  /** Drops what is too old or too much, oldest first, but never what is on its way; returns the alerts. */
  drop(maxAgeMs: number): readonly Alert[] {
    let tooMany = this.#waiting.length - this.#limit;
    const dropped = this.#waiting.filter((one) => {
      if (one.inFlight || (tooMany <= 0 && one.ageMs() <= maxAgeMs)) return false;
      tooMany--;
      return true;
    });
    for (const one of dropped) this.#waiting.splice(this.#waiting.indexOf(one), 1);
    return dropped.flatMap(({ entry }) => alertsOf(entry));
  }
}

export function alertsOf({ alert, end }: OutboxEntry): readonly Alert[] {
  return end === undefined ? [alert] : [alert, end];
}

function waiting(entry: OutboxEntry, ageMs: () => number, durable: boolean): Waiting {
  return { entry, durable, inFlight: false, form: 'full', ageMs };
}

/** Texts come from outside, and a checkpoint holds the whole queue. */
function boundedJson<T>(value: T): T {
  if (typeof value === 'string') return value.slice(0, maxText) as T & string;
  if (Array.isArray(value)) return value.slice(0, maxItems).map((item: unknown) => boundedJson(item)) as T & unknown[];
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, boundedJson(item)])) as T & object;
}

/** A span of time in which a channel took nothing; it goes on where `untilMs` is missing. Plain JSON. */
export interface Silence {
  readonly fromMs: number;
  readonly untilMs?: number;
}

export function begun(silence: Silence | undefined, nowMs: number): Silence {
  return silence === undefined || silence.untilMs !== undefined ? { fromMs: nowMs } : silence;
}

export function ended(silence: Silence | undefined, nowMs: number): Silence | undefined {
  return silence === undefined || silence.untilMs !== undefined ? silence : { ...silence, untilMs: nowMs };
}

/** For how long the channel took nothing while something waited that was queued at `queuedAtMs`. */
export function silentMs(silence: Silence | undefined, queuedAtMs: number, nowMs: number): number {
  if (silence === undefined) return 0;
  const { fromMs, untilMs = nowMs } = silence;
  return untilMs < queuedAtMs ? 0 : untilMs - fromMs;
}

/** What a checkpoint keeps of an outbox. Plain JSON, bounded in count and in the length of every text. */
export interface OutboxSnapshot {
  /** Oldest first. */
  readonly entries: readonly OutboxEntry[];
  /** Alerts that were dropped and not yet told so. */
  readonly droppedUntold: number;
  /** The last span of time in which the channel took nothing. */
  readonly silence?: Silence | undefined;
}
