import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Exchange } from './answer.ts';
import { type Connections, connectionOfOne, connectionsOfMany } from './connections.ts';
import { Mix, type MixName, type Task } from './mix.ts';
import { nowMs, type Sample, type StrangeKind } from './sample.ts';
import { type Schedule, startSchedule } from './schedule.ts';
import type { Site } from './site.ts';

export interface LoadOptions {
  readonly site: Site;
  /** Requests a second that are sent on schedule (open loop). */
  readonly rate: number;
  /** Additional clients, each on one connection, which pause between a response and the next request (closed loop). */
  readonly clients: number;
  readonly mix: MixName;
  /** Additional requests of a stranger: each of these kinds so many times a second. */
  readonly strange?: Strange | undefined;
  /** Identifies the requests of this load in the access log. */
  readonly userAgent: string;
}

export interface Strange {
  readonly kinds: readonly StrangeKind[];
  readonly rate: number;
}

const pauseMs = [200, 1_500] as const;
const buckets = 100;
/** How long to wait at the end for requests in flight. */
const finishMs = 12_000;

/** An open-loop load and a closed-loop load at the same time. */
export class Load {
  readonly #options: LoadOptions;
  readonly #mix: Mix;
  readonly #shared: Connections;
  readonly #schedules: readonly Schedule[];
  readonly #clients: readonly { readonly own: Connections; readonly done: Promise<void> }[];
  readonly #stopping = new AbortController();
  readonly #open = new Map<Exchange, Promise<void>>();
  #bucket = 0;
  readonly #taken: (sample: Sample) => void;

  /** @param taken called with each request when it has ended */
  constructor(options: LoadOptions, taken: (sample: Sample) => void) {
    this.#options = options;
    this.#taken = taken;
    this.#shared = connectionsOfMany(options.site);
    this.#mix = new Mix(options.mix);
    const { rate, strange, clients } = options;
    this.#schedules = [
      startSchedule(rate, (dueAt) => void this.#ask(this.#shared, this.#mix.next(this.#headers()), 'open', dueAt)),
      ...(strange?.kinds ?? []).map((kind) =>
        startSchedule(
          strange?.rate ?? 0,
          (dueAt) => void this.#ask(this.#shared, this.#mix.task(kind, this.#headers()), 'open', dueAt),
        ),
      ),
    ];
    this.#clients = Array.from({ length: clients }, (_, index) => {
      const own = connectionOfOne(options.site);
      return { own, done: this.#visit(own, this.#headersOf(Math.floor((index * buckets) / clients))) };
    });
  }

  /** Stops sending, and returns when all requests in flight have ended. */
  async stop(): Promise<void> {
    for (const schedule of this.#schedules) schedule.stop();
    this.#stopping.abort();
    const tooLong = setTimeout(() => {
      for (const exchange of this.#open.keys()) exchange.abort();
    }, finishMs);
    await Promise.all(this.#open.values());
    await Promise.all(this.#clients.map(({ done }) => done));
    clearTimeout(tooLong);
    this.#shared.close();
    for (const { own } of this.#clients) own.close();
  }

  /** A visitor belongs to one of the hundred buckets of a canary. Each scheduled request comes from another visitor. */
  #headers(): Record<string, string> {
    return this.#headersOf(this.#bucket++ % buckets);
  }

  #headersOf(bucket: number): Record<string, string> {
    const two = String(bucket).padStart(2, '0');
    return { 'user-agent': this.#options.userAgent, cookie: `bluegreen_bucket=${two}` };
  }

  async #visit(own: Connections, headers: Readonly<Record<string, string>>): Promise<void> {
    const { signal } = this.#stopping;
    const pause = () => delay(randomInt(...pauseMs), undefined, { signal }).catch(() => undefined);
    await pause();
    while (!signal.aborted) {
      await this.#ask(own, this.#mix.next(headers), 'closed', nowMs());
      await pause();
    }
  }

  #ask(connections: Connections, task: Task, loop: Sample['loop'], dueAt: number): Promise<void> {
    const begun = connections.exchange(task);
    const done = begun.answer.then((answer) => {
      this.#open.delete(begun);
      this.#taken({ kind: task.kind, loop, dueAt, ...answer });
    });
    this.#open.set(begun, done);
    return done;
  }
}
