import type { Alert, Away, AwayEvent } from '../alerts/alert.ts';
import { phraseOf } from '../alerts/phrase.ts';
import { isBeginning, isEnd } from '../alerts/stages.ts';

/** More log than this, by its own time, is not news any more: the watcher was away. */
const awayForMs = 60_000;
const maxAlerts = 1_000;
/** A summary is to be read by a person. */
const maxEvents = 20;

/** How things stand when all that was missed has been read. */
export interface Present {
  /** When the last request that was read had ended, or the last record of the journal was written. */
  readonly lastEndMs: number;
  readonly nowMs: number;
  readonly isOpen: (incident: string) => boolean;
  readonly nextIncident: (atMs: number) => string;
}

/** Plain JSON, bounded. */
export interface MissedSnapshot {
  /** Up to when all was seen. */
  readonly sinceMs: number;
  readonly alerts: readonly Alert[];
  /** Alerts that were too many to be kept. */
  readonly left: number;
}

/** Keeps what follows from the log that was written while the watcher was away, until all of it is known. */
export class Missed {
  readonly #sinceMs: number;
  readonly #alerts: Alert[];
  #left: number;

  constructor({ sinceMs, alerts, left }: MissedSnapshot) {
    this.#sinceMs = sinceMs;
    this.#alerts = [...alerts];
    this.#left = left;
  }

  /** For the checkpoint: another crash before all is known loses nothing of it. */
  snapshot(): MissedSnapshot {
    return { sinceMs: this.#sinceMs, alerts: this.#alerts, left: this.#left };
  }

  readonly add = (alert: Alert): void => {
    if (this.#alerts.length < maxAlerts) this.#alerts.push(alert);
    else this.#left++;
  };

  /**
   * What is to be told. After a short while, all of it, as if nothing had been. After a long one, a summary; then what goes
   * on, and what has ended that was told before.
   */
  finish(present: Present): readonly Alert[] {
    if (present.lastEndMs - this.#sinceMs <= awayForMs) return this.#alerts;
    if (this.#alerts.length === 0) return [];
    return [this.#summary(present), ...this.#ownAlerts(present)];
  }

  #ownAlerts({ isOpen }: Present): readonly Alert[] {
    const begun = new Set(this.#alerts.filter(isBeginning).map(({ incident }) => incident));
    return this.#alerts.filter((alert) => {
      if (isOpen(alert.incident)) return true;
      if (alert.kind === 'switch') return alert.ended !== undefined && !begun.has(alert.ended.incident);
      // It holds what nobody was told.
      if (alert.kind === 'unmuted' && alert.events.length > 0) return true;
      return isEnd(alert) && !begun.has(alert.incident);
    });
  }

  #summary({ lastEndMs, nowMs, isOpen, nextIncident }: Present): Away {
    const toMs = Math.max(lastEndMs, nowMs);
    const events = this.#alerts
      .map((alert): AwayEvent => ({ atMs: alert.atMs, what: phraseOf(alert) }))
      // A switch that only the flags show is told after what came later.
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
