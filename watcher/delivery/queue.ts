import type { Alert } from '../alerts/alert.ts';
import { isEndOf } from '../alerts/stages.ts';
import type { Form } from './notifier.ts';

/** One message in the queue. Plain JSON. */
export interface OutboxEntry {
  readonly alert: Alert;
  /** The end of the same incident, sent in the same message. */
  readonly end?: Alert | undefined;
  readonly queuedAtMs: number;
}

/** An entry, and how far its delivery is. */
export interface Waiting {
  readonly entry: OutboxEntry;
  /** The entry is on disk, or the wait for that has ended. */
  durable: boolean;
  inFlight: boolean;
  /** The form of the next attempt. */
  form: Form;
  /** How long it has waited. By the monotonic clock; for an entry from before a restart, by the wall clock. */
  readonly ageMs: () => number;
}

const maxText = 1_000;
const maxItems = 50;

/** The messages that wait for one channel, oldest first. Their number and the length of every text are bounded. */
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

  /** Adds an alert; an end is merged with the beginning of its incident if that still waits. Returns whether it was merged. */
  push(alert: Alert): boolean {
    const bounded = boundedJson(alert);
    // An incident that escalated has two alerts: the end is merged with the later one.
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

  /** Merges the first entry with its end, if the end was queued while delivery of the beginning was being tried and failed. */
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

  /** Drops entries that are too old or above the limit, oldest first, but none in flight. Returns their alerts. */
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

/** Texts come from outside, and the checkpoint holds the whole queue. */
function boundedJson<T>(value: T): T {
  if (typeof value === 'string') return value.slice(0, maxText) as T & string;
  if (Array.isArray(value)) return value.slice(0, maxItems).map((item: unknown) => boundedJson(item)) as T & unknown[];
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, boundedJson(item)])) as T & object;
}

/** A span of time in which the channel accepted nothing; it lasts still if `untilMs` is missing. Plain JSON. */
export interface Silence {
  readonly fromMs: number;
  readonly untilMs?: number;
}

export function silenceBegun(silence: Silence | undefined, nowMs: number): Silence {
  return silence === undefined || silence.untilMs !== undefined ? { fromMs: nowMs } : silence;
}

export function silenceEnded(silence: Silence | undefined, nowMs: number): Silence | undefined {
  return silence === undefined || silence.untilMs !== undefined ? silence : { ...silence, untilMs: nowMs };
}

/** How long the channel accepted nothing while a message queued at `queuedAtMs` waited. */
export function silentMs(silence: Silence | undefined, queuedAtMs: number, nowMs: number): number {
  if (silence === undefined) return 0;
  const { fromMs, untilMs = nowMs } = silence;
  return untilMs < queuedAtMs ? 0 : untilMs - fromMs;
}

/** The state of an outbox in the checkpoint. Plain JSON, bounded in count and in the length of every text. */
export interface OutboxSnapshot {
  /** Oldest first. */
  readonly entries: readonly OutboxEntry[];
  /** How many alerts were dropped that no delivered message has mentioned yet. */
  readonly droppedUntold: number;
  /** The last span of time in which the channel accepted nothing. */
  readonly silence?: Silence | undefined;
}
