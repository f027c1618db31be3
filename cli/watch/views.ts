import type { WriteStream } from 'node:tty';
import { storyOf } from '../status/story.ts';
import { print } from '../terminal/terminal.ts';
import { eventLine, localDateTime, type WatchEvent } from './event.ts';
import { frameOf, type Shown } from './frame.ts';
import { Screen } from './screen.ts';

/** More lines than any screen has. */
const maxEvents = 500;

/** A screen that is kept up to date. */
export class LiveView implements View {
  readonly #screen: Screen;
  readonly #stream: WriteStream;
  #events: readonly WatchEvent[];
  #shown: Omit<Shown, 'events'> | undefined;

  /** @param earlier the events to start with */
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

  /** On Ctrl-Z, restores the shell's screen. */
  readonly #suspend = () => {
    this.#leave();
    process.kill(process.pid, 'SIGSTOP');
  };

  readonly #resume = () => {
    this.#screen.open();
    this.#redraw();
  };
}

/** A plain line per event, for files and other programs, after the state of the stack. */
export class LineView implements View {
  #hasBegun = false;

  show({ look, nowMs }: Omit<Shown, 'events'>, events: readonly WatchEvent[]): void {
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      for (const { tone, text } of storyOf(look)) this.#print({ atMs: nowMs, tone, what: 'status', text });
    }
    for (const event of events) this.#print(event);
  }

  close(): void {}

  #print(event: WatchEvent): void {
    print(eventLine(event, localDateTime));
  }
}

/** Shows looks and events. */
export interface View {
  show(shown: Omit<Shown, 'events'>, events: readonly WatchEvent[]): void;
  close(): void;
}
