import { setTimeout as delay } from 'node:timers/promises';
import type { OutboxHealth } from '../../report/health.ts';
import type { Alert } from '../alerts/alert.ts';
import type { Message } from '../alerts/message.ts';
import type { Delivery, Notifier } from './notifier.ts';
import type { OutboxOptions } from './options.ts';
import { Pause } from './pause.ts';
import {
  alertsOf,
  type OutboxSnapshot,
  Queue,
  type Silence,
  silenceBegun,
  silenceEnded,
  silentMs,
  type Waiting,
} from './queue.ts';

/** The queue of one channel. It keeps the order and the channel's pace, and drops nothing that the channel may still accept. */
export class Outbox {
  readonly #notifier: Notifier;
  readonly #options: OutboxOptions;
  readonly #queue: Queue;
  readonly #abort = new AbortController();
  #state: OutboxHealth['state'] = 'open';
  #sent = 0;
  #dropped = 0;
  #unreportedDrops: number;
  #silence: Silence | undefined;
  #lastError: string | null = null;
  #failures = 0;
  #running: Promise<void> | undefined;
  readonly #pause = new Pause();
  /** No message goes out before this, not even in a flush: the channel's pace and its Retry-After. By the monotonic clock. */
  #notBeforeMs = 0;
  #flushing = false;

  /** Starts to deliver the messages of `initial` at once. */
  constructor(notifier: Notifier, options: OutboxOptions) {
    this.#notifier = notifier;
    this.#options = options;
    this.#queue = new Queue(options.limit, options.initial?.entries ?? []);
    this.#unreportedDrops = options.initial?.droppedUntold ?? 0;
    this.#silence = options.initial?.silence;
    if (this.#queue.length > 0) this.#running = this.#run();
  }

  get name(): string {
    return this.#notifier.name;
  }

  get health(): OutboxHealth {
    const { length: queued } = this.#queue;
    return { state: this.#state, queued, sent: this.#sent, dropped: this.#dropped, lastError: this.#lastError };
  }

  /** How long the next message has waited; 0 if none waits. */
  get oldestAgeMs(): number {
    return this.#queue.head?.ageMs() ?? 0;
  }

  /** For the checkpoint; cheap enough to take at every write. */
  snapshot(): OutboxSnapshot {
    return {
      entries: this.#queue.entries,
      droppedUntold: this.#unreportedDrops,
      silence: this.#silence,
    };
  }

  /** Queues an alert and returns at once. */
  push(alert: Alert): void {
    if (this.#queue.push(alert)) this.#options.changed?.();
    this.#tidy();
    this.#running ??= this.#run();
  }

  /** Delivers as much as it can within `forMs`, then ends; returns the alerts that were not delivered. */
  async flush(forMs: number): Promise<readonly Alert[]> {
    this.#flushing = true;
    this.#pause.end();
    const timer = setTimeout(() => {
      this.#abort.abort();
      this.#pause.close();
    }, forMs);
    await this.#running;
    clearTimeout(timer);
    return this.#queue.entries.flatMap(alertsOf);
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0 && !this.#isDone()) {
      await this.#pause.for(this.#notBeforeMs - performance.now());
      if (this.#abort.signal.aborted) break;
      if (this.#notBeforeMs > performance.now()) continue;
      this.#tidy();
      const { head } = this.#queue;
      if (head === undefined) break;
      if (head.durable) await this.#try(head);
      else await this.#makeDurable(head);
    }
    this.#running = undefined;
  }

  /** While this waits, the entry may be merged or dropped, so the caller must read the head of the queue again. */
  async #makeDurable(head: Waiting): Promise<void> {
    head.durable = true;
    const { durable, durableForMs } = this.#options;
    if (durable === undefined) return;
    // The checkpoint reports a disk that fails.
    const written = durable().catch(() => undefined);
    await Promise.race([written, delay(durableForMs, undefined, { ref: false })]);
  }

  async #try(head: Waiting): Promise<void> {
    const reportedDrops = this.#unreportedDrops;
    head.inFlight = true;
    const delivery = await this.#deliver(head, reportedDrops);
    head.inFlight = false;
    this.#notBeforeMs = performance.now() + this.#notifier.gapMs;
    if (delivery.outcome === 'delivered') this.#settled(head, delivery.afterMs, reportedDrops);
    else await this.#failed(head, delivery);
  }

  async #deliver(head: Waiting, dropped: number): Promise<Delivery> {
    try {
      return await this.#notifier.deliver(this.#messageOf(head, dropped), head.form, this.#abort.signal);
    } catch {
      // Otherwise it would be retried and would fail forever, across restarts too.
      return { outcome: 'refused', reason: 'cannot be composed' };
    }
  }

  #messageOf({ entry: { alert, end, queuedAtMs }, ageMs }: Waiting, dropped: number): Message {
    const { lateMs } = this.#options;
    const forMs = ageMs();
    const silent = silentMs(this.#silence, queuedAtMs, Date.now());
    return {
      alert,
      end,
      ...(forMs <= lateMs ? {} : { late: { forMs, ...(silent > lateMs ? { silentMs: silent } : {}) } }),
      ...(dropped === 0 ? {} : { dropped }),
    };
  }

  #settled({ entry, ageMs }: Waiting, afterMs: number | undefined, reportedDrops: number): void {
    this.#sent++;
    for (const alert of alertsOf(entry)) this.#options.onSettled?.({ alert, result: 'delivered', waitedMs: ageMs() });
    this.#unreportedDrops -= reportedDrops;
    if (afterMs !== undefined) this.#notBeforeMs = Math.max(this.#notBeforeMs, performance.now() + afterMs);
    this.#silence = silenceEnded(this.#silence, Date.now());
    this.#next();
  }

  async #failed(head: Waiting, delivery: Exclude<Delivery, { outcome: 'delivered' }>): Promise<void> {
    const { onFailure, probeMs } = this.#options;
    const { reason } = delivery;
    const { incident } = head.entry.alert;
    this.#lastError = reason;
    switch (delivery.outcome) {
      case 'refused':
        if (head.form === 'full') {
          head.form = 'plain';
          onFailure({ reason, incident, next: 'as plain text' });
          return;
        }
        this.#countDropped(alertsOf(head.entry));
        onFailure({ reason, incident, next: 'dropped' });
        this.#next();
        return;
      case 'closed':
        this.#beginSilence();
        if (this.#state !== 'closed') onFailure({ reason, incident, next: 'channel closed' });
        this.#state = 'closed';
        if (!this.#flushing) await this.#pause.for(probeMs);
        return;
      case 'again':
        this.#beginSilence();
        this.#failures++;
        this.#state = 'retrying';
        onFailure({ reason, incident, next: 'retry' });
        if (delivery.afterMs === undefined) await this.#pause.for(this.#backoffMs());
        else this.#notBeforeMs = Math.max(this.#notBeforeMs, performance.now() + delivery.afterMs);
        return;
      default:
        delivery satisfies never;
    }
  }

  /** The channel accepts nothing; from now on, messages wait because of that. */
  #beginSilence(): void {
    this.#silence = silenceBegun(this.#silence, Date.now());
    if (this.#queue.mergeHead()) this.#options.changed?.();
  }

  #next(): void {
    this.#queue.shift();
    this.#failures = 0;
    this.#state = 'open';
    this.#options.changed?.();
  }

  #tidy(): void {
    const dropped = this.#queue.drop(this.#options.maxAgeMs);
    if (dropped.length === 0) return;
    this.#countDropped(dropped);
    this.#options.changed?.();
  }

  #countDropped(alerts: readonly Alert[]): void {
    this.#dropped += alerts.length;
    this.#unreportedDrops += alerts.length;
    for (const alert of alerts) this.#options.onSettled?.({ alert, result: 'dropped' });
  }

  /** Full jitter, anything from 0 to the limit, so that many watchers do not retry at the same moment. */
  #backoffMs(): number {
    const { backoffMs, maxBackoffMs, random } = this.#options;
    return random() * Math.min(maxBackoffMs, backoffMs * 2 ** Math.min(this.#failures - 1, 20));
  }

  /** In a flush, a closed channel is not worth waiting for. */
  #isDone(): boolean {
    return this.#abort.signal.aborted || (this.#flushing && this.#state === 'closed');
  }
}
