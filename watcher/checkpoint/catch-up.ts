import type { Alert } from '../alerts/alert.ts';
import type { Tail } from '../log/tail.ts';
import type { Watch } from '../watch.ts';
import { Missed } from './missed.ts';
import type { Progress } from './shape.ts';

export interface CatchUpParts {
  readonly watch: Watch;
  readonly tail: Tail;
  readonly deliver: (alert: Alert) => void;
}

/** A log that is missing or cannot be read at a start may be there in a moment; alerts wait no longer for it. */
const patienceMs = 10_000;

/**
 * Between a restart and the moment when all that was missed has been read, alerts are kept back, in the checkpoint too: a
 * crash meanwhile loses nothing of them.
 */
export class CatchUp {
  readonly #startedMs = Date.now();
  readonly #parts: () => CatchUpParts;
  #missed: Missed | undefined;

  /** @param parts asked for once there is something to do: they need this one to be made */
  constructor(progress: Progress | undefined, parts: () => CatchUpParts) {
    this.#parts = parts;
    if (progress === undefined) return;
    // Up to the last line, or to when the last checkpoint was written while the log was idle.
    const sinceMs = Math.max(progress.savedMs, progress.watch.lastEndMs);
    this.#missed = new Missed(progress.missed ?? { sinceMs, alerts: [], left: 0 });
  }

  get isDone(): boolean {
    return this.#missed === undefined;
  }

  readonly tell = (alert: Alert): void => {
    if (this.#missed === undefined) this.#parts().deliver(alert);
    else this.#missed.add(alert);
  };

  /** To be called after each step; true: this one has reached the present. */
  arrived(more: boolean): boolean {
    const missed = this.#missed;
    const { watch, tail, deliver } = this.#parts();
    const isThere = tail.state === 'reading' || Date.now() - this.#startedMs > patienceMs;
    const isAtEnd = !more && tail.state !== 'draining' && isThere;
    if (missed === undefined || !(isAtEnd || watch.lastEndMs >= this.#startedMs)) return false;
    watch.goLive(Date.now());
    this.#missed = undefined;
    const alerts = missed.finish({
      lastEndMs: watch.lastKnownMs,
      nowMs: Date.now(),
      isOpen: (incident) => watch.isOpen(incident),
      nextIncident: (atMs) => watch.nextIncident(atMs),
    });
    for (const alert of alerts) deliver(alert);
    return true;
  }

  /** For the checkpoint. */
  progress(): Progress {
    const { watch, tail } = this.#parts();
    const missed = this.#missed?.snapshot() ?? null;
    return { savedMs: Date.now(), standing: tail.standing, watch: watch.snapshot(), missed };
  }
}
