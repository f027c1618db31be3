import { statSync } from 'node:fs';

/** Four beats of the prober; by then the edge relies on passive checks too. */
const staleAfterMs = 1_600;

/** Reads the prober's heartbeat: a file whose content differs at each beat. */
export class Heartbeat {
  readonly #path: string;
  #stamp: string | undefined;
  #changedMs = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * True if the prober lives. The file alone is not enough: the edge removes one that has grown old, but cannot do so if the
   * directory is read-only.
   * @param nowMs of a clock that is never set back
   */
  isAlive(nowMs: number = performance.now()): boolean {
    const stamp = stampOf(this.#path);
    if (stamp !== this.#stamp) this.#changedMs = nowMs;
    this.#stamp = stamp;
    return stamp !== undefined && nowMs - this.#changedMs < staleAfterMs;
  }
}

/** Differs after each write; undefined if there is no file, or an empty one, which a full disk leaves behind. */
function stampOf(path: string): string | undefined {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats === undefined || stats.size === 0 ? undefined : `${stats.ino}/${stats.mtimeMs}`;
  } catch {
    return undefined;
  }
}
