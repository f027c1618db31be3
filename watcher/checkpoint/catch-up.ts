import type { Alert } from '../alerts/alert.ts';
import type { Tail } from '../log/tail.ts';
import { Missed, type MissedSnapshot, type Present } from './missed.ts';
import type { Progress } from './shape.ts';

/** The parts of a watch that catching up needs. */
export interface ReplayingWatch extends Pick<Present, 'isOpen' | 'nextIncident'> {
  /** The end of the last request that was read, in epoch milliseconds. */
  readonly lastEndMs: number;
  /** Requests or records of the journal have been seen up to this time. */
  readonly lastKnownMs: number;
  goLive(nowMs: number): void;
}

/** How long alerts wait for a log that cannot be read at the start. */
const patienceMs = 10_000;

/**
 * Holds alerts back from a restart until all that was missed has been read. They are in the checkpoint meanwhile, so that
 * another crash loses none of them.
 */
export class CatchUp {
  readonly #startedMs = Date.now();
  readonly #deliver: (alert: Alert) => void;
  #missed: Missed | undefined;

  constructor(progress: Progress | undefined, deliver: (alert: Alert) => void) {
    this.#deliver = deliver;
    if (progress === undefined) return;
    // Up to the last line, or to when the last checkpoint was written while the log was idle.
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
   * @param more whether the log has more to read immediately
   */
  arrived(watch: ReplayingWatch, tail: Pick<Tail, 'state'>, more: boolean): boolean {
    const missed = this.#missed;
    const isReadable = tail.state === 'reading' || Date.now() - this.#startedMs > patienceMs;
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
