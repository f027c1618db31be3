import { type FSWatcher, watch } from 'chokidar';
import type { Tail } from './tail.ts';

const busyPollMs = 10;
const quietPollMs = 90;
/** As often as the rules look at the clock. File events still wake the follower at once when the log grows. */
const idlePollMs = 250;
/** The log counts as quiet, and then as idle, after these times without a line. */
const quietAfterMs = 1_000;
const idleAfterMs = 10_000;

/** `beforeStep` is called before each step, `afterStep` after it. The last steps, in `stop`, share one `beforeStep`. */
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

  /** Stops after reading what is left, for at most `forMs`. The log stays open, because its position is still needed. */
  stop(forMs: number): void {
    this.#stopped = true;
    this.#wake.disarm();
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
      // Yields to the event loop, so that a backlog delays neither Slack nor the health endpoint.
      this.#immediate = setImmediate(this.#step);
      return;
    }
    const forMs = nowMs - this.#lastReadMs;
    if (forMs < quietAfterMs) this.#wake.disarm();
    else this.#wake.arm();
    this.#timer = setTimeout(this.#step, pollMs(forMs));
  };
}

/** The time until the next poll, for a log without a line for `quietForMs`. A clock that was set back counts as busy. */
function pollMs(quietForMs: number): number {
  if (quietForMs < quietAfterMs) return busyPollMs;
  return quietForMs < idleAfterMs ? quietPollMs : idlePollMs;
}

/**
 * Wakes the follower when the log grows. It only shortens the delay: polling alone works where there are no file events (no
 * inotify, or a network file system). Under a steady load, events cost several times as much CPU as polling, so they are
 * turned off.
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
    // For example, ENOSPC if the machine has no inotify watches left.
    this.#watcher.on('error', () => {});
  }

  disarm(): void {
    const watcher = this.#watcher;
    this.#watcher = undefined;
    watcher?.close().catch(() => {});
  }
}
