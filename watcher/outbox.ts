import type { Alert } from './alert.ts';
import type { Delivery, Form, Notifier } from './notifier.ts';

export interface OutboxOptions {
  /** Alerts that wait; when there are more, the oldest one that is not being delivered goes. */
  readonly limit: number;
  /** The first retry comes after up to this long, each further one after up to twice as long … */
  readonly backoffMs: number;
  /** … and none after longer than this. */
  readonly maxBackoffMs: number;
  /** How often a closed channel is tried again. */
  readonly probeMs: number;
  readonly random: () => number;
  /** Told of every try that failed, for the log. */
  readonly onFailure: (failure: OutboxFailure) => void;
}

export interface OutboxFailure {
  readonly reason: string;
  readonly incident: string;
  readonly next: 'retry' | 'as plain text' | 'dropped' | 'channel closed';
}

export const outboxDefaults = {
  limit: 1_000,
  backoffMs: 1_000,
  maxBackoffMs: 60_000,
  probeMs: 60_000,
  random: Math.random,
} as const;

export interface OutboxHealth {
  /** `closed`: the channel takes nothing until a person has seen to it. */
  readonly state: 'open' | 'retrying' | 'closed';
  readonly queued: number;
  readonly sent: number;
  readonly dropped: number;
  readonly lastError: string | null;
}

/** One channel's queue: order kept, pace kept, nothing given up that the channel may still take. In memory so far. */
export class Outbox {
  readonly #notifier: Notifier;
  readonly #options: OutboxOptions;
  readonly #queue: Alert[] = [];
  readonly #abort = new AbortController();
  #state: OutboxHealth['state'] = 'open';
  #sent = 0;
  #dropped = 0;
  #lastError: string | null = null;
  #failures = 0;
  #form: Form = 'full';
  #running: Promise<void> | undefined;
  #endPause: (() => void) | undefined;
  /** No message before this, whatever hurry there is: the channel's pace and its Retry-After. */
  #notBeforeMs = 0;
  #flushing = false;

  constructor(notifier: Notifier, options: OutboxOptions) {
    this.#notifier = notifier;
    this.#options = options;
  }

  get name(): string {
    return this.#notifier.name;
  }

  get health(): OutboxHealth {
    const { length: queued } = this.#queue;
    return { state: this.#state, queued, sent: this.#sent, dropped: this.#dropped, lastError: this.#lastError };
  }

  /** Takes an alert and returns at once. */
  push(alert: Alert): void {
    this.#queue.push(alert);
    if (this.#queue.length > this.#options.limit) {
      // The first one may be on its way.
      this.#queue.splice(1, 1);
      this.#dropped++;
    }
    this.#running ??= this.#run();
  }

  /** Delivers what it can within `forMs`, then ends; returns what was not delivered. */
  async flush(forMs: number): Promise<readonly Alert[]> {
    this.#flushing = true;
    this.#endPause?.();
    const timer = setTimeout(() => {
      this.#abort.abort();
      this.#endPause?.();
    }, forMs);
    await this.#running;
    clearTimeout(timer);
    return [...this.#queue];
  }

  async #run(): Promise<void> {
    for (let alert = this.#queue[0]; alert !== undefined && !this.#ended(); alert = this.#queue[0]) {
      await this.#pause(this.#notBeforeMs - Date.now());
      if (this.#abort.signal.aborted) break;
      if (this.#notBeforeMs > Date.now()) continue;
      const delivery = await this.#notifier.deliver(alert, this.#form, this.#abort.signal);
      this.#notBeforeMs = Date.now() + this.#notifier.gapMs;
      await this.#settle(alert, delivery);
    }
    this.#running = undefined;
  }

  async #settle(alert: Alert, delivery: Delivery): Promise<void> {
    const { incident } = alert;
    const { onFailure, probeMs } = this.#options;
    if (delivery.outcome === 'delivered') {
      this.#sent++;
      this.#next('open');
      return;
    }
    const { reason } = delivery;
    this.#lastError = reason;
    switch (delivery.outcome) {
      case 'refused':
        if (this.#form === 'full') {
          this.#form = 'plain';
          onFailure({ reason, incident, next: 'as plain text' });
          return;
        }
        this.#dropped++;
        onFailure({ reason, incident, next: 'dropped' });
        this.#next('open');
        return;
      case 'closed':
        if (this.#state !== 'closed') onFailure({ reason, incident, next: 'channel closed' });
        this.#state = 'closed';
        if (!this.#flushing) await this.#pause(probeMs);
        return;
      case 'again':
        this.#failures++;
        this.#state = 'retrying';
        onFailure({ reason, incident, next: 'retry' });
        if (delivery.afterMs === undefined) await this.#pause(this.#backoffMs());
        else this.#notBeforeMs = Math.max(this.#notBeforeMs, Date.now() + delivery.afterMs);
        return;
      default:
        delivery satisfies never;
    }
  }

  #next(state: OutboxHealth['state']): void {
    this.#queue.shift();
    this.#form = 'full';
    this.#failures = 0;
    this.#state = state;
  }

  /** Full jitter: anything from nothing to the whole, so that many watchers do not come back together. */
  #backoffMs(): number {
    const { backoffMs, maxBackoffMs, random } = this.#options;
    return random() * Math.min(maxBackoffMs, backoffMs * 2 ** Math.min(this.#failures - 1, 20));
  }

  /** A channel that takes nothing is not worth waiting for at the end. */
  #ended(): boolean {
    return this.#abort.signal.aborted || (this.#flushing && this.#state === 'closed');
  }

  async #pause(forMs: number): Promise<void> {
    if (forMs <= 0 || this.#abort.signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, forMs);
    this.#endPause = resolve;
    await promise;
    clearTimeout(timer);
    this.#endPause = undefined;
  }
}
