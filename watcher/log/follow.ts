import { type FSWatcher, watch } from 'chokidar';
import type { Tail } from './tail.ts';

const busyPollMs = 10;
const idlePollMs = 90;
/** Without a line for this long, the log counts as idle. */
const idleAfterMs = 1_000;

/** Called around each look at the log, which may find lines. */
export interface FollowHooks {
  readonly beforeStep: (nowMs: number) => void;
  /** `more`: there is more to be read at once. */
  readonly afterStep: (more: boolean) => void;
}

/** Keeps a tail going until it is told to stop: at once while there is more, by polling and early waking otherwise. */
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

  /** Reads what is there, for at most `forMs`, and ends; the log stays open, as its position is still asked for. */
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
      // Through the event loop, so that a backlog holds up neither Slack nor health.
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
 * Tells early that the log has grown. Only a help: where it is silent (no inotify, a network file system) polling finds
 * the same. It costs several times as much CPU as polling while lines come in all the time, so it rests then.
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
    // Such as ENOSPC, no inotify watch left on this machine.
    this.#watcher.on('error', () => {});
  }

  rest(): void {
    const watcher = this.#watcher;
    this.#watcher = undefined;
    watcher?.close().catch(() => {});
  }
}
