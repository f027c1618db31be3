import type { WatchEvent } from './event.ts';
import type { Shown } from './frame.ts';

/** Where what happens is shown. */
export interface View {
  show(shown: Omit<Shown, 'events'>, events: readonly WatchEvent[]): void;
  close(): void;
}
