import type { Alert } from '../alerts/alert.ts';
import type { Tail } from '../log/tail.ts';
import { Missed, type MissedSnapshot, type Present } from './missed.ts';
import type { Progress } from './shape.ts';

/** The part of a watch that catching up needs. */
export interface ReplayingWatch extends Pick<Present, 'isOpen' | 'nextIncident'> {
  /** The end of the last request that was read, in epoch milliseconds. */
  readonly lastEndMs: number;
  /** The time of the latest request or journal record that was read, in epoch milliseconds. */
  readonly lastKnownMs: number;
  goLive(nowMs: number): void;
}

/** Alerts are held back at most this long if the log cannot be read at the start. */
const maxUnreadableMs = 10_000;

/**
 * After a restart, holds alerts back until everything missed has been read. Meanwhile, they are in the checkpoint, so that
 * another crash loses none of them.
 */
export class CatchUp {
  readonly #startedMs = Date.now();
  readonly #deliver: (alert: Alert) => void;
  #missed: Missed | undefined;

  constructor(progress: Progress | undefined, deliver: (alert: Alert) => void) {
    this.#deliver = deliver;
    if (progress === undefined) return;
    // Everything before the last line was seen; or, if nothing was logged for a while, everything before the last checkpoint.
    const sinceMs = Math.max(progress.savedMs, progress.watch.lastEndMs);
    this.#missed = new Missed(progress.missed ?? { sinceMs, alerts: [], left: 0 });
  }

  get isDone(): boolean {
    return this.#missed === undefined;
  }

  /** The alerts held back, for the checkpoint; null if catching up is done. */
  get missed(): MissedSnapshot | null {
    return this.#missed?.snapshot() ?? null;
  }

  readonly send = (alert: Alert): void => {
    if (this.#missed === undefined) this.#deliver(alert);
    else this.#missed.add(alert);
  };

  /**
   * Call after each step of the tail. Returns true if this step reached the present.
   * @param more true if the log has more to read immediately
   */
  arrived(watch: ReplayingWatch, tail: Pick<Tail, 'state'>, more: boolean): boolean {
    const missed = this.#missed;
    const isReadable = tail.state === 'reading' || Date.now() - this.#startedMs > maxUnreadableMs;
    const isAtEnd = !more && tail.state !== 'draining' && isReadable;
    if (missed === undefined || !(isAtEnd || watch.lastEndMs >= this.#startedMs)) return false;
    watch.goLive(Date.now());
    this.#missed = undefined;
    const alerts = missed.finish({
      lastEndMs: watch.lastKnownMs,
      nowMs: Date.now(),
      isOpen: (incident) => watch.isOpen(incident),
      nextIncident: (atMs) => watch.nextIncident(atMs),
    });
    for (const alert of alerts) this.#deliver(alert);
    return true;
  }
}
