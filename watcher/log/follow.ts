import { type FSWatcher, watch } from 'chokidar';
import type { Tail } from './tail.ts';

const busyPollMs = 10;
const idlePollMs = 90;
/** The log counts as idle after this long without a line. */
const idleAfterMs = 1_000;

/** Called before and after each step, which may read lines. */
export interface FollowHooks {
  readonly beforeStep: (nowMs: number) => void;
  /** `more` is true if there is more to read immediately. */
  readonly afterStep: (more: boolean) => void;
}

/** Steps a tail until it is stopped: immediately while there is more to read, otherwise by polling and file events. */
export class Follower {
  readonly #tail: Tail;
  readonly #hooks: FollowHooks;
  readonly #wake: Wake;
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #lastReadMs = Date.now();
  #stopped = false;

  constructor(tail: Tail, path: string, hooks: FollowHooks) {
    this.#tail = tail;
    this.#hooks = hooks;
    this.#wake = new Wake(path, () => this.#step());
  }

  start(): void {
    this.#wake.arm();
    this.#step();
  }

  /** Reads the rest for at most `forMs` and stops. The log stays open, because its position is still needed. */
  stop(forMs: number): void {
    this.#stopped = true;
    this.#wake.rest();
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    const untilMs = Date.now() + forMs;
    this.#hooks.beforeStep(Date.now());
    let more = true;
    while (more && Date.now() < untilMs) {
      more = this.#tail.step(Date.now());
      this.#hooks.afterStep(more);
    }
  }

  readonly #step = (): void => {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    const nowMs = Date.now();
    this.#hooks.beforeStep(nowMs);
    const more = this.#tail.step(nowMs);
    this.#hooks.afterStep(more);
    if (more) {
      this.#lastReadMs = nowMs;
      // Through the event loop, so that a backlog delays neither Slack nor health.
      this.#immediate = setImmediate(this.#step);
      return;
    }
    const busy = nowMs - this.#lastReadMs < idleAfterMs;
    if (busy) this.#wake.rest();
    else this.#wake.arm();
    this.#timer = setTimeout(this.#step, busy ? busyPollMs : idlePollMs);
  };
}

/**
 * Wakes the follower when the log grows. Polling alone would do, where there are no file events (no inotify, a network file
 * system). Events cost several times as much CPU as polling under a steady load, so they are paused then.
 */
export class Wake {
  readonly #path: string;
  readonly #onChange: () => void;
  #watcher: FSWatcher | undefined;

  constructor(path: string, onChange: () => void) {
    this.#path = path;
    this.#onChange = onChange;
  }

  arm(): void {
    if (this.#watcher !== undefined) return;
    this.#watcher = watch(this.#path, { ignoreInitial: true, atomic: false, alwaysStat: false });
    this.#watcher.on('all', this.#onChange);
    // Such as ENOSPC if the machine has no inotify watch left.
    this.#watcher.on('error', () => {});
  }

  rest(): void {
    const watcher = this.#watcher;
    this.#watcher = undefined;
    watcher?.close().catch(() => {});
  }
}
