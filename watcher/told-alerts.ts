import type { Alert } from './alert.ts';
import type { AlertReport, DeliveryState } from './dashboard-report.ts';
import type { Settled } from './outbox-options.ts';
import { keyOf, type ToldAlert, toldAlert } from './told-alert.ts';

const maxAlerts = 40;

/** The last alerts, and how far each has got in each channel. */
export class ToldAlerts {
  readonly #channels: readonly string[];
  /** Oldest first. */
  #alerts: ToldAlert[] = [];
  #version = 0;

  /** @param channels by name, without the watcher's own log */
  constructor(channels: readonly string[]) {
    this.#channels = channels;
  }

  /** Another one means that something has changed. */
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

  /** An alert goes into the queues of all channels. */
  add(alert: Alert): void {
    for (const channel of this.#channels) this.#set(alert, channel, 'waiting');
    if (this.#channels.length === 0) this.#alertOf(alert);
  }

  /** An alert has left the queue of a channel. */
  settled(channel: string, { alert, result }: Pick<Settled, 'alert' | 'result'>): void {
    this.#set(alert, channel, result === 'delivered' ? 'sent' : 'failed');
  }

  /** For the checkpoint. Plain JSON. */
  snapshot(): readonly ToldAlert[] {
    return this.#alerts;
  }

  /** @param waiting what waits in each channel's queue, as the other checkpoint tells */
  restore(saved: readonly ToldAlert[], waiting: ReadonlyMap<string, readonly Alert[]>): void {
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
    const told = this.#alertOf(alert);
    if (told === undefined) return;
    told.delivery[channel] = state;
    this.#version++;
  }

  /** The known one, or a new one; undefined: it is older than all that are kept, or cannot be told. */
  #alertOf(alert: Alert): ToldAlert | undefined {
    const key = keyOf(alert);
    const known = this.#alerts.find((one) => one.key === key);
    if (known !== undefined) return known;
    const oldest = this.#alerts[0];
    if (this.#alerts.length >= maxAlerts && oldest !== undefined && alert.atMs < oldest.report.atMs) return undefined;
    const told = toldAlert(alert);
    if (told === undefined) return undefined;
    this.#alerts = [...this.#alerts, told].slice(-maxAlerts);
    this.#version++;
    return told;
  }
}
