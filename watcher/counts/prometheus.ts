import { setTimeout as delay } from 'node:timers/promises';
import { Exposition } from '../../metrics/exposition.ts';
import { exposeProcess } from '../../metrics/process.ts';
import type { Pool } from '../../settings/pool.ts';
import type { Checkpointer } from '../checkpoint/checkpointer.ts';
import type { Outbox } from '../delivery/outbox.ts';
import type { Tail } from '../log/tail.ts';
import type { Releases } from '../past/releases.ts';
import type { WatchView } from '../rules/health.ts';
import type { Listener } from '../rules/listener.ts';
import { AlertCounts } from './alerts.ts';
import { exposeCertificates } from './certificates.ts';
import { exposeCheckpoint, exposeLog } from './log.ts';
import { exposeReleases } from './releases.ts';
import { exposeRequests, RequestCounts } from './requests.ts';
import { exposeState } from './state.ts';

/** The longest wait for the disk: Prometheus gives up a scrape after ten seconds. */
const durableForMs = 2_000;

export interface MetricsParts {
  /** The service level objective; undefined if none is set. */
  readonly sloPercent: number | undefined;
  readonly thresholdPercent: number;
  readonly version: string;
  readonly watch: WatchView;
  readonly tail: Tail;
  readonly checkpointer: Checkpointer;
  readonly outboxes: readonly Outbox[];
  readonly releases: Releases;
}

/** The watcher's metrics for Prometheus. */
export class Metrics {
  readonly #requests: RequestCounts;
  readonly #alerts = new AlertCounts();
  /** The callbacks for the outbox of a channel. */
  readonly channel = this.#alerts.channel.bind(this.#alerts);
  /** Counts an alert that goes to the channels. */
  readonly sent = this.#alerts.sent;

  /** @param addresses the pools' addresses, as the edge logs them */
  constructor(addresses: { readonly [pool in Pool]: string }) {
    this.#requests = new RequestCounts(addresses);
  }

  /** Wraps a listener and counts its calls. */
  counting(listener: Required<Listener>): Listener {
    const { hold, request } = listener;
    const { count } = this.#requests;
    return {
      ...listener,
      hold: (alert, reason) => {
        this.#alerts.heldBack(alert);
        hold(alert, reason);
      },
      request: (event) => {
        count(event);
        request(event);
      },
    };
  }

  /** Call this before any line is read: counts up to then belong to an earlier process. */
  expose(parts: MetricsParts): () => Promise<MetricsText> {
    const { sloPercent, thresholdPercent, version, watch, tail, checkpointer, outboxes, releases } = parts;
    const exposition = new Exposition();
    exposeRequests(exposition, this.#requests, sloPercent);
    exposeReleases(exposition, releases);
    exposeState(exposition, watch, thresholdPercent);
    exposeCertificates(exposition, watch);
    exposeLog(exposition, watch, tail);
    exposeCheckpoint(exposition, checkpointer);
    this.#alerts.expose(exposition, outboxes);
    exposeProcess(exposition, version);
    return async () => {
      const text = await exposition.text();
      // The checkpoint is on disk before the counts are out. So lines that are read again after a crash are in no earlier
      // scrape, and none counts twice.
      await Promise.race([checkpointer.durable(), delay(durableForMs, undefined, { ref: false })]);
      return text;
    };
  }
}

export interface MetricsText {
  readonly contentType: string;
  readonly text: string;
}
