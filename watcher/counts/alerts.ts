import { Durations } from '../../metrics/durations.ts';
import { type Exposition, oneOf, type Sample } from '../../metrics/exposition.ts';
import { type AlertKind, alertKindNames } from '../../report/alert-kinds.ts';
import type { Alert } from '../alerts/alert.ts';
import type { OutboxOptions, Settled } from '../delivery/options.ts';
import type { Outbox } from '../delivery/outbox.ts';

/** Counts by kind of alert. */
class ByKind {
  /** Every kind has a series from the start: if its first alert created it, `increase` would miss that alert. */
  readonly #counts = new Map<string, number>(alertKindNames.map((kind) => [kind, 0]));

  add(kind: AlertKind): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
  }

  samples(before: readonly string[], after: string): Sample[] {
    return [...this.#counts].map(([kind, count]) => [[...before, kind, after], count]);
  }
}

/** The deliveries of one channel. */
class ChannelCounts {
  readonly delivered = new ByKind();
  readonly dropped = new ByKind();
  /** From the decision to send an alert until the channel has accepted it. */
  readonly latency = new Durations();
  failures = 0;
}

/** Alerts with the same result: sent, or held back. */
class Outcome {
  readonly counts = new ByKind();
  /** The time of the last alert of each kind. */
  readonly #lastMs = new Map<AlertKind, number>();

  readonly add = ({ kind, atMs }: Alert): void => {
    this.counts.add(kind);
    this.#lastMs.set(kind, Math.max(atMs, this.#lastMs.get(kind) ?? 0));
  };

  lastSamples(result: string): Sample[] {
    return [...this.#lastMs].map(([kind, atMs]) => [[kind, result], atMs / 1_000]);
  }
}

/** Counts alerts and their deliveries since the start of the process. */
export class AlertCounts {
  readonly #sent = new Outcome();
  readonly #heldBack = new Outcome();
  readonly #channels = new Map<string, ChannelCounts>();

  /** Counts an alert that goes to the channels. */
  readonly sent = this.#sent.add;
  readonly heldBack = this.#heldBack.add;

  /** The callbacks for a channel's outbox. */
  channel(name: string): Required<Pick<OutboxOptions, 'onSettled' | 'onFailure'>> {
    const counts = new ChannelCounts();
    this.#channels.set(name, counts);
    return {
      onSettled: (settled: Settled) => {
        counts[settled.result].add(settled.alert.kind);
        if (settled.result === 'delivered') counts.latency.count(settled.waitedMs);
      },
      onFailure: () => {
        counts.failures++;
      },
    };
  }

  expose(exposition: Exposition, outboxes: readonly Outbox[]): void {
    exposition.counter(
      {
        name: 'bluegreen_alerts_total',
        help: 'Alerts that were sent, or held back by a cooldown, a mute or maintenance.',
        labels: ['kind', 'result'],
      },
      () => [...this.#sent.counts.samples([], 'sent'), ...this.#heldBack.counts.samples([], 'held_back')],
    );
    exposition.gauge(
      {
        name: 'bluegreen_alert_last_timestamp_seconds',
        help: 'When the event behind the last alert of a kind happened.',
        labels: ['kind', 'result'],
      },
      () => [...this.#sent.lastSamples('sent'), ...this.#heldBack.lastSamples('held_back')],
    );
    exposition.counter(
      {
        name: 'bluegreen_notifications_total',
        help: 'Alerts that a channel has accepted, or that were dropped.',
        labels: ['channel', 'kind', 'result'],
      },
      () =>
        [...this.#channels].flatMap(([name, { delivered, dropped }]) => [
          ...delivered.samples([name], 'delivered'),
          ...dropped.samples([name], 'dropped'),
        ]),
    );
    exposition.counter(
      {
        name: 'bluegreen_notification_failures_total',
        help: 'Failed attempts to deliver a message.',
        labels: ['channel'],
      },
      () => [...this.#channels].map(([name, { failures }]) => [[name], failures]),
    );
    exposition.durations(
      {
        name: 'bluegreen_notification_latency_seconds',
        help: 'From the decision to send an alert until the channel has accepted it.',
        labels: ['channel'],
      },
      () => [...this.#channels].map(([name, { latency }]) => [[name], latency]),
    );
    exposition.gauge(
      { name: 'bluegreen_outbox_messages', help: 'Messages waiting for a channel.', labels: ['channel'] },
      () => outboxes.map(({ name, health }) => [[name], health.queued]),
    );
    exposition.gauge(
      {
        name: 'bluegreen_outbox_oldest_age_seconds',
        help: 'How long the next message has waited; 0 if none waits.',
        labels: ['channel'],
      },
      () => outboxes.map(({ name, oldestAgeMs }) => [[name], oldestAgeMs / 1_000]),
    );
    exposition.gauge(
      {
        name: 'bluegreen_channel_state',
        help: '1 for the current state: open, retrying, or closed until somebody fixes the channel.',
        labels: ['channel', 'state'],
      },
      () =>
        outboxes.flatMap(({ name, health }) =>
          oneOf(['open', 'retrying', 'closed'], health.state).map(([state, value]) => [[name, ...state], value]),
        ),
    );
  }
}
