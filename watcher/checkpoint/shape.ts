import type { OutboxSnapshot } from '../delivery/queue.ts';
import type { Resume } from '../log/tail.ts';
import type { WatchSnapshot } from '../rules/state.ts';
import type { MissedSnapshot } from './missed.ts';

/** How far the log has been read, and what follows from all that was: the two are of the same moment. */
export interface Progress {
  readonly savedMs: number;
  readonly standing: Resume['position'] | 'start' | 'end';
  readonly watch: WatchSnapshot;
  /** What is kept back until all that was missed has been read; null: nothing is. */
  readonly missed: MissedSnapshot | null;
}

/** Everything that outlives the process. Plain JSON. */
export interface Checkpoint {
  readonly progress: Progress;
  /** By the channel's name. */
  readonly outboxes: Readonly<Record<string, OutboxSnapshot>>;
}
