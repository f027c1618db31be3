import type { AlertReport, DeliveryState, Fact } from '../../report/dashboard.ts';
import type { Alert } from '../alerts/alert.ts';
import type { Settled } from '../delivery/options.ts';
import type { Span } from '../words/facts.ts';
import { wordingOf } from '../words/wording.ts';

const maxAlerts = 40;

/** The last alerts, and the state of their delivery in each channel. */
export class SentAlerts {
  readonly #channels: readonly string[];
  /** Oldest first. */
  #alerts: SentAlert[] = [];
  #version = 0;

  /** @param channels the names of the channels, without the watcher's own log */
  constructor(channels: readonly string[]) {
    this.#channels = channels;
  }

  /** Increases with every change. */
  get version(): number {
    return this.#version;
  }

  /** Newest first. */
  reports(): readonly AlertReport[] {
    return this.#alerts
      .map(({ report, delivery }) => ({
        ...report,
        delivery: Object.entries(delivery).map(([channel, state]) => ({ channel, state })),
      }))
      .toReversed();
  }

  /** Adds an alert that goes into the queues of all channels. */
  add(alert: Alert): void {
    for (const channel of this.#channels) this.#set(alert, channel, 'waiting');
    if (this.#channels.length === 0) this.#alertOf(alert);
  }

  /** Records that an alert has left the queue of a channel. */
  settled(channel: string, { alert, result }: Pick<Settled, 'alert' | 'result'>): void {
    this.#set(alert, channel, result === 'delivered' ? 'sent' : 'failed');
  }

  /** For the checkpoint. Plain JSON. */
  snapshot(): readonly SentAlert[] {
    return this.#alerts;
  }

  /** @param waiting the alerts in each channel's queue, from the watcher's checkpoint */
  restore(saved: readonly SentAlert[], waiting: ReadonlyMap<string, readonly Alert[]>): void {
    this.#alerts = saved.slice(-maxAlerts).map((alert) => ({ ...alert, delivery: { ...alert.delivery } }));
    for (const { key, delivery } of this.#alerts) {
      for (const [channel, state] of Object.entries(delivery)) {
        const waits = waiting.get(channel)?.some((alert) => keyOf(alert) === key) ?? false;
        if (state === 'waiting' && !waits) delivery[channel] = 'unknown';
      }
    }
    for (const [channel, alerts] of waiting) for (const alert of alerts) this.#set(alert, channel, 'waiting');
    this.#version++;
  }

  #set(alert: Alert, channel: string, state: DeliveryState): void {
    if (!this.#channels.includes(channel)) return;
    const sent = this.#alertOf(alert);
    if (sent === undefined) return;
    sent.delivery[channel] = state;
    this.#version++;
  }

  /** The entry of an alert, new if there is none yet; undefined if it is older than all that are kept or cannot be composed. */
  #alertOf(alert: Alert): SentAlert | undefined {
    const key = keyOf(alert);
    const known = this.#alerts.find((one) => one.key === key);
    if (known !== undefined) return known;
    const oldest = this.#alerts[0];
    if (this.#alerts.length >= maxAlerts && oldest !== undefined && alert.atMs < oldest.report.atMs) return undefined;
    const sent = sentAlert(alert);
    if (sent === undefined) return undefined;
    this.#alerts = [...this.#alerts, sent].slice(-maxAlerts);
    this.#version++;
    return sent;
  }
}

const maxText = 400;
const maxFacts = 12;

/** An alert in words, and the state of its delivery. */
export interface SentAlert {
  readonly key: string;
  readonly report: Omit<AlertReport, 'delivery'>;
  readonly delivery: { [channel: string]: DeliveryState };
}

/** Identifies an alert wherever it appears: in a queue, a checkpoint or a replay. */
export function keyOf({ kind, incident, atMs }: Alert): string {
  return `${kind} ${incident} ${atMs}`;
}

/**
 * The entry of an alert. Its texts are bounded, because many of them come from outside. Undefined if the alert cannot be
 * composed, such as one that another version has left in the checkpoint: an exception would make every start fail.
 */
export function sentAlert(alert: Alert): SentAlert | undefined {
  try {
    const { headline, summary, tone, facts } = wordingOf(alert);
    const { incident, atMs } = alert;
    const report = {
      incident: bounded(incident),
      atMs,
      tone,
      headline: bounded(headline),
      summary: bounded(summary),
      facts: facts.slice(0, maxFacts).map(boundedFact),
    };
    return { key: keyOf(alert), report, delivery: {} };
  } catch {
    return undefined;
  }
}

function boundedFact({ label, spans }: Fact): Fact {
  return {
    label: bounded(label),
    spans: spans.slice(0, maxFacts).map(boundedSpan),
  };
}

function boundedSpan(span: Span): Span {
  if ('atMs' in span) return span;
  return 'text' in span ? { text: bounded(span.text) } : { code: bounded(span.code) };
}

function bounded(text: string): string {
  return text.length <= maxText ? text : `${text.slice(0, maxText - 1).toWellFormed()}…`;
}
