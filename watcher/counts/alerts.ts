import { Durations } from '../../metrics/durations.ts';
import { type Exposition, oneOf, type Sample } from '../../metrics/exposition.ts';
import { type AlertKind, alertKindNames } from '../../report/alert-kinds.ts';
import type { Alert } from '../alerts/alert.ts';
import type { OutboxOptions, Settled } from '../delivery/options.ts';
import type { Outbox } from '../delivery/outbox.ts';

/** Counts of something by the kind of alert. */
class ByKind {
  /** Every kind has a series from the start: one that began with its first alert would hide it from `increase`. */
  readonly #counts = new Map<string, number>(alertKindNames.map((kind) => [kind, 0]));

  add(kind: AlertKind): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
  }

  samples(before: readonly string[], after: string): Sample[] {
    return [...this.#counts].map(([kind, count]) => [[...before, kind, after], count]);
  }
}

/** What one channel has done with its alerts. */
class ChannelCounts {
  readonly delivered = new ByKind();
  readonly dropped = new ByKind();
  /** From the moment at which an alert was decided on to that at which the channel had taken it. */
  readonly latency = new Durations();
  failures = 0;
}

/** Alerts of which one thing became. */
class Fate {
  readonly counts = new ByKind();
  /** When the last one of a kind was. */
  readonly #lastMs = new Map<AlertKind, number>();

  readonly add = ({ kind, atMs }: Alert): void => {
    this.counts.add(kind);
    this.#lastMs.set(kind, Math.max(atMs, this.#lastMs.get(kind) ?? 0));
  };

  lastSamples(fate: string): Sample[] {
    return [...this.#lastMs].map(([kind, atMs]) => [[kind, fate], atMs / 1_000]);
  }
}

/** Counts what is told, and what becomes of it, since the start of the process. */
export class AlertCounts {
  readonly #sent = new Fate();
  readonly #heldBack = new Fate();
  readonly #channels = new Map<string, ChannelCounts>();

  /** It goes to the channels. */
  readonly sent = this.#sent.add;
  readonly heldBack = this.#heldBack.add;

  /** What a channel's outbox is to call. */
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
        help: 'When what the last alert of a kind is about happened.',
        labels: ['kind', 'result'],
      },
      () => [...this.#sent.lastSamples('sent'), ...this.#heldBack.lastSamples('held_back')],
    );
    exposition.counter(
      {
        name: 'bluegreen_notifications_total',
        help: 'Alerts that a channel has taken, or that were given up for it.',
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
        help: 'Tries to deliver a message that failed, whatever became of it later.',
        labels: ['channel'],
      },
      () => [...this.#channels].map(([name, { failures }]) => [[name], failures]),
    );
    exposition.durations(
      {
        name: 'bluegreen_notification_latency_seconds',
        help: 'From the decision to tell an alert until the channel had taken it.',
        labels: ['channel'],
      },
      () => [...this.#channels].map(([name, { latency }]) => [[name], latency]),
    );
    exposition.gauge(
      { name: 'bluegreen_outbox_messages', help: 'Messages that wait for a channel.', labels: ['channel'] },
      () => outboxes.map(({ name, health }) => [[name], health.queued]),
    );
    exposition.gauge(
      {
        name: 'bluegreen_outbox_oldest_age_seconds',
        help: 'How long the message that is next has waited; 0: none waits.',
        labels: ['channel'],
      },
      () => outboxes.map(({ name, oldestAgeMs }) => [[name], oldestAgeMs / 1_000]),
    );
    exposition.gauge(
      {
        name: 'bluegreen_channel_state',
        help: 'Which one holds is 1: open, retrying, or closed until a person has seen to it.',
        labels: ['channel', 'state'],
      },
      () =>
        outboxes.flatMap(({ name, health }) =>
          oneOf(['open', 'retrying', 'closed'], health.state).map(([state, value]) => [[name, ...state], value]),
        ),
    );
  }
}
