import { type FSWatcher, watch } from 'chokidar';

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
