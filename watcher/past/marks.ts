import { kindInfo } from '../../report/alert-kinds.ts';
import type { Mark } from '../../report/dashboard.ts';
import type { Alert } from '../alerts/alert.ts';
import { phraseOf } from '../alerts/phrase.ts';
import { sentAlert } from './sent-alerts.ts';

const maxMarks = 200;

/** The marks on the charts: failovers, recoveries, switches, deploys and other changes of the traffic. */
export class Marks {
  #marks: Mark[] = [];
  #version = 0;

  get all(): readonly Mark[] {
    return this.#marks;
  }

  /** Increases with every change. */
  get version(): number {
    return this.#version;
  }

  /** Adds an alert, whether it is sent or held back. A replay brings alerts that are already known; they are ignored. */
  readonly add = (alert: Alert): void => {
    const { atMs, kind } = alert;
    if (!kindInfo(kind).mark) return;
    if (this.#marks.some((mark) => mark.kind === kind && mark.atMs === atMs)) return;
    const composed = sentAlert(alert);
    if (composed === undefined) return;
    const mark = { atMs, kind, tone: composed.report.tone, text: phraseOf(alert) };
    this.#marks = [...this.#marks, mark].toSorted((one, other) => one.atMs - other.atMs).slice(-maxMarks);
    this.#version++;
  };

  restore(marks: readonly Mark[]): void {
    this.#marks = marks.slice(-maxMarks);
    this.#version++;
  }
}
