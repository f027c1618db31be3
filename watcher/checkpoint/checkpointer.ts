import type { CheckpointHealth } from '../../report/health.ts';
import { errorCode } from '../../system/error-code.ts';
import type { CheckpointFile } from './checkpoint-file.ts';

/** While lines flow. */
const everyMs = 1_000;
/** While nothing happens: so much later than the last checkpoint, at most, can the watcher have gone away. */
const heartbeatMs = 30_000;

/** Told when writing begins to fail, with the code, and when it is well again. */
export type OnCheckpoint = (fault: string | null) => void;

/** Decides when the checkpoint is written. One write at a time; whatever is asked for meanwhile is in the next. */
export class Checkpointer {
  readonly #file: Pick<CheckpointFile, 'save'>;
  readonly #snapshot: () => unknown;
  readonly #report: OnCheckpoint;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  #beganMs = Number.NEGATIVE_INFINITY;
  #fault: string | null = null;
  #lastWrittenMs = 0;
  writes = 0;
  errors = 0;

  /** @param snapshot taken between two steps, so that all parts of it belong together */
  constructor(file: Pick<CheckpointFile, 'save'>, snapshot: () => unknown, report: OnCheckpoint) {
    this.#file = file;
    this.#snapshot = snapshot;
    this.#report = report;
  }

  get health(): CheckpointHealth {
    const lastWritten = this.#lastWrittenMs === 0 ? null : new Date(this.#lastWrittenMs).toISOString();
    return { state: this.#fault === null ? 'ok' : 'failing', fault: this.#fault, lastWritten };
  }

  /** Of when what is on disk is, in epoch milliseconds; 0: nothing yet. */
  get lastWrittenMs(): number {
    return this.#lastWrittenMs;
  }

  start(): void {
    this.#heartbeat = setInterval(() => this.changed(), heartbeatMs);
    this.changed();
  }

  /** Something has changed that a crash may undo for a moment. */
  readonly changed = (): void => {
    if (this.#timer !== undefined) return;
    const inMs = Math.max(0, this.#beganMs + everyMs - performance.now());
    this.#timer = setTimeout(() => void this.durable(), inMs);
  };

  /** Resolves when all that has happened so far is on disk, or could not be put there. Never rejects. */
  readonly durable = (): Promise<void> => {
    // A write that has begun may be of an older state.
    this.#next ??= this.#afterRunning();
    return this.#next;
  };

  stop(): void {
    clearInterval(this.#heartbeat);
    clearTimeout(this.#timer);
  }

  async #afterRunning(): Promise<void> {
    // A turn later at the earliest: a step that is going on ends first.
    await this.#running;
    this.#next = undefined;
    this.#running = this.#write();
    await this.#running;
  }

  async #write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#beganMs = performance.now();
    const before = this.#fault;
    const ofMs = Date.now();
    try {
      await this.#file.save(this.#snapshot());
      this.#fault = null;
      this.#lastWrittenMs = ofMs;
      this.writes++;
    } catch (error) {
      this.#fault = errorCode(error) ?? 'unknown error';
      this.errors++;
      this.changed();
    }
    if (this.#fault !== before) this.#report(this.#fault);
  }
}
