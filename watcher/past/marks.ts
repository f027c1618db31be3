import { kindInfo } from '../../report/alert-kinds.ts';
import type { Mark } from '../../report/dashboard.ts';
import type { Alert } from '../alerts/alert.ts';
import { phraseOf } from '../alerts/phrase.ts';
import { sentAlert } from './sent-alerts.ts';

const maxMarks = 200;

/** Moments at which something changed for the traffic: failovers, recoveries, switches, deploys and the like. */
export class Marks {
  #marks: Mark[] = [];
  #version = 0;

  get all(): readonly Mark[] {
    return this.#marks;
  }

  /** Another one means that something has changed. */
  get version(): number {
    return this.#version;
  }

  /** Takes an alert, told or held back: it happened all the same. A replay brings some that are known. */
  readonly add = (alert: Alert): void => {
    const { atMs, kind } = alert;
    if (!kindInfo(kind).mark) return;
    if (this.#marks.some((mark) => mark.kind === kind && mark.atMs === atMs)) return;
    const told = sentAlert(alert);
    if (told === undefined) return;
    const mark = { atMs, kind, tone: told.report.tone, text: phraseOf(alert) };
    this.#marks = [...this.#marks, mark].toSorted((one, other) => one.atMs - other.atMs).slice(-maxMarks);
    this.#version++;
  };

  restore(marks: readonly Mark[]): void {
    this.#marks = marks.slice(-maxMarks);
    this.#version++;
  }
}
