import { storyOf } from '../report/story.ts';
import { print } from '../terminal.ts';
import { eventLine, localDateTime, type WatchEvent } from './event.ts';
import type { Shown } from './frame.ts';
import type { View } from './view.ts';

/** One plain line an event, for files and other programs; how things stand is told at the beginning. */
export class LineView implements View {
  #hasBegun = false;

  show({ look, nowMs }: Omit<Shown, 'events'>, events: readonly WatchEvent[]): void {
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      for (const { tone, text } of storyOf(look)) this.#tell({ atMs: nowMs, tone, what: 'status', text });
    }
    for (const event of events) this.#tell(event);
  }

  close(): void {}

  #tell(event: WatchEvent): void {
    print(eventLine(event, localDateTime));
  }
}
