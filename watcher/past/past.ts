import { z } from 'zod';
import type { Mark } from '../../report/dashboard.ts';
import { CheckpointFile } from '../checkpoint/checkpoint-file.ts';
import type { Outbox } from '../delivery/outbox.ts';
import { alertsOf } from '../delivery/queue.ts';
import type { AccessEvent } from '../request/event.ts';
import { Marks } from './marks.ts';
import { Releases, type SeenRelease } from './releases.ts';
import { type SentAlert, SentAlerts } from './sent-alerts.ts';
import { RequestSeries, type SeriesSnapshot } from './series.ts';

/** Plain JSON. */
export interface PastSnapshot {
  readonly requests: SeriesSnapshot;
  readonly marks: readonly Mark[];
  readonly alerts: readonly SentAlert[];
  readonly seen: readonly SeenRelease[];
}

const count = z.int().min(0);
const time = z.number();
const tone = z.enum(['good', 'neutral', 'warning', 'bad']);
const text = z.string().max(1_000);
const span = z.union([z.object({ text }), z.object({ code: text }), z.object({ atMs: time })]);
const schema = z.object({
  requests: z.object({
    countedMs: time,
    tiers: z.array(z.object({ bucketMs: count, firstMs: time, head: count, cells: z.string() })),
  }),
  marks: z.array(z.object({ atMs: time, kind: text, tone, text })),
  alerts: z.array(
    z.object({
      key: text,
      report: z.object({
        incident: text,
        atMs: time,
        tone,
        headline: text,
        summary: text,
        facts: z.array(z.object({ label: text, spans: z.array(span) })),
      }),
      delivery: z.record(z.string(), z.enum(['waiting', 'sent', 'failed', 'unknown'])),
    }),
  ),
  seen: z.array(z.object({ pool: z.enum(['blue', 'green']), release: text, fromMs: time })),
});

/** Next to the checkpoint, in a file of its own: it is larger, changes all the time and matters less. */
export function pastFile(stateDirectory: string): CheckpointFile {
  return new CheckpointFile(stateDirectory, 'past.json');
}

/** The history that the dashboard shows. */
export class Past {
  readonly requests = new RequestSeries();
  readonly marks = new Marks();
  readonly alerts: SentAlerts;
  readonly releases: Releases;

  /** @param channels the names of the channels, without the watcher's own log */
  constructor(channels: readonly string[], controlDirectory: string) {
    this.alerts = new SentAlerts(channels);
    this.releases = new Releases(controlDirectory);
  }

  /** Runs for every line of the log. */
  readonly count = (event: AccessEvent): void => {
    this.requests.count(event);
    this.releases.see(event);
  };

  snapshot(): PastSnapshot {
    const { requests, marks, alerts, releases } = this;
    return {
      requests: requests.snapshot(),
      marks: marks.all,
      alerts: alerts.snapshot(),
      seen: releases.snapshot(),
    };
  }

  /**
   * Restores what an earlier watcher has saved; starts empty if that cannot be used.
   * @returns the reason why it cannot be used; undefined if it was restored or there is no file
   */
  restore(file: CheckpointFile, channels: readonly Outbox[]): string | undefined {
    const loaded = file.load();
    const saved = loaded.found === 'body' ? schema.safeParse(loaded.body).data : undefined;
    const isOther = loaded.found === 'body' && saved === undefined;
    // Otherwise the next save would overwrite it.
    if (isOther) file.setAside();
    if (saved !== undefined) {
      this.requests.restore(saved.requests);
      this.marks.restore(saved.marks);
      this.releases.restore(saved.seen);
    }
    const waiting = channels.map((outbox) => [outbox.name, outbox.snapshot().entries.flatMap(alertsOf)] as const);
    this.alerts.restore(saved?.alerts ?? [], new Map(waiting));
    return isOther ? 'it has another schema' : loaded.found === 'unusable' ? loaded.reason : undefined;
  }
}
