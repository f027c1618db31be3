import type { Alert, Away, AwayEvent } from '../alerts/alert.ts';
import { phraseOf } from '../alerts/phrase.ts';
import { isBeginning, isEnd } from '../alerts/stages.ts';

/** A longer absence, by the log's own times, is summarized in one alert. */
const maxBriefAbsenceMs = 60_000;
const maxAlerts = 1_000;
/** Keeps a summary short enough to read. */
const maxEvents = 20;

/** The state once everything missed has been read. */
export interface Present {
  /** The end of the last request or the time of the last journal record, whichever is later. */
  readonly lastEndMs: number;
  readonly nowMs: number;
  readonly isOpen: (incident: string) => boolean;
  readonly nextIncident: (atMs: number) => string;
}

/** Plain JSON, bounded. */
export interface MissedSnapshot {
  /** Everything before this time was seen, in epoch milliseconds. */
  readonly sinceMs: number;
  readonly alerts: readonly Alert[];
  /** The number of alerts beyond the limit, which were not kept. */
  readonly left: number;
}

/** Collects the alerts about the missed part of the log until all of it has been read. */
export class Missed {
  readonly #sinceMs: number;
  readonly #alerts: Alert[];
  #left: number;

  constructor({ sinceMs, alerts, left }: MissedSnapshot) {
    this.#sinceMs = sinceMs;
    this.#alerts = [...alerts];
    this.#left = left;
  }

  /** For the checkpoint, so that another crash loses none of them. */
  snapshot(): MissedSnapshot {
    return { sinceMs: this.#sinceMs, alerts: this.#alerts, left: this.#left };
  }

  readonly add = (alert: Alert): void => {
    if (this.#alerts.length < maxAlerts) this.#alerts.push(alert);
    else this.#left++;
  };

  /**
   * The alerts to send: all of them after a short absence. After a long one, a summary, the alerts of incidents that are still
   * open, and the ends of incidents whose beginning was sent before.
   */
  finish(present: Present): readonly Alert[] {
    if (present.lastEndMs - this.#sinceMs <= maxBriefAbsenceMs) return this.#alerts;
    if (this.#alerts.length === 0) return [];
    return [this.#summary(present), ...this.#ownAlerts(present)];
  }

  #ownAlerts({ isOpen }: Present): readonly Alert[] {
    const begun = new Set(this.#alerts.filter(isBeginning).map(({ incident }) => incident));
    return this.#alerts.filter((alert) => {
      if (isOpen(alert.incident)) return true;
      if (alert.kind === 'switch') return alert.ended !== undefined && !begun.has(alert.ended.incident);
      // Lists the alerts that the mute held back.
      if (alert.kind === 'unmuted' && alert.events.length > 0) return true;
      return isEnd(alert) && !begun.has(alert.incident);
    });
  }

  #summary({ lastEndMs, nowMs, isOpen, nextIncident }: Present): Away {
    const toMs = Math.max(lastEndMs, nowMs);
    const events = this.#alerts
      .map((alert): AwayEvent => ({ atMs: alert.atMs, what: phraseOf(alert) }))
      // A switch that only the flags show is detected after later events.
      .sort((a, b) => a.atMs - b.atMs);
    const open = this.#alerts.filter((alert) => isBeginning(alert) && isOpen(alert.incident));
    return {
      kind: 'away',
      incident: nextIncident(this.#sinceMs),
      atMs: toMs,
      fromMs: this.#sinceMs,
      toMs,
      events: events.slice(0, maxEvents),
      more: Math.max(0, events.length - maxEvents) + this.#left,
      stillOpen: [...new Set(open.map(phraseOf))],
    };
  }
}
