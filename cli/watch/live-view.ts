import type { WriteStream } from 'node:tty';
import type { WatchEvent } from './event.ts';
import { frameOf, type Shown } from './frame.ts';
import { Screen } from './screen.ts';
import type { View } from './view.ts';

/** More than any screen has lines. */
const maxEvents = 500;

/** One screen that is kept up to date. */
export class LiveView implements View {
  readonly #screen: Screen;
  readonly #stream: WriteStream;
  #events: readonly WatchEvent[];
  #shown: Omit<Shown, 'events'> | undefined;

  /** @param earlier what to begin with */
  constructor(stream: WriteStream, earlier: readonly WatchEvent[] = []) {
    this.#stream = stream;
    this.#screen = new Screen(stream);
    this.#events = earlier;
    this.#screen.open();
    stream.on('resize', this.#redraw);
    process.on('exit', this.#leave);
    process.on('SIGTSTP', this.#suspend);
    process.on('SIGCONT', this.#resume);
  }

  show(shown: Omit<Shown, 'events'>, events: readonly WatchEvent[]): void {
    this.#events = [...this.#events, ...events].slice(-maxEvents);
    this.#shown = shown;
    this.#redraw();
  }

  close(): void {
    this.#leave();
    this.#stream.off('resize', this.#redraw);
    process.off('exit', this.#leave);
    process.off('SIGTSTP', this.#suspend);
    process.off('SIGCONT', this.#resume);
  }

  readonly #redraw = () => {
    if (this.#shown === undefined) return;
    this.#screen.draw(frameOf({ ...this.#shown, events: this.#events }, this.#screen.size));
  };

  readonly #leave = () => this.#screen.close();

  /** Ctrl-Z: the shell gets its screen back. */
  readonly #suspend = () => {
    this.#leave();
    process.kill(process.pid, 'SIGSTOP');
  };

  readonly #resume = () => {
    this.#screen.open();
    this.#redraw();
  };
}
