import type { OutboxSnapshot } from '../delivery/queue.ts';
import type { Resume } from '../log/tail.ts';
import type { WatchSnapshot } from '../rules/state.ts';
import type { MissedSnapshot } from './missed.ts';

/** The reading position, and the state after everything before it. Both are from the same moment. */
export interface Progress {
  readonly savedMs: number;
  readonly standing: Resume['position'] | 'start' | 'end';
  readonly watch: WatchSnapshot;
  /** Alerts held back until everything missed has been read; null if there is nothing to catch up on. */
  readonly missed: MissedSnapshot | null;
}

/** Everything that outlives the process. Plain JSON. */
export interface Checkpoint {
  readonly progress: Progress;
  /** By name of the channel. */
  readonly outboxes: Readonly<Record<string, OutboxSnapshot>>;
}
