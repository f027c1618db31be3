import type { CheckpointHealth } from '../../report/health.ts';
import { errorCode } from '../../system/error-code.ts';
import type { CheckpointFile } from './checkpoint-file.ts';

/** The shortest time between two writes. */
const minIntervalMs = 1_000;
/** The time between two writes while nothing happens. When the watcher stops, its last checkpoint is at most this old. */
const heartbeatMs = 30_000;

/** Called with the error's code when writing starts to fail, and with null when it succeeds again. */
export type OnCheckpoint = (fault: string | null) => void;

/** Decides when the checkpoint is written. Only one write runs at a time; a request during a write causes another write. */
export class Checkpointer {
  readonly #file: Pick<CheckpointFile, 'save'>;
  readonly #snapshot: () => unknown;
  readonly #report: OnCheckpoint;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  #lastStartMs = Number.NEGATIVE_INFINITY;
  #fault: string | null = null;
  #lastWrittenMs = 0;
  writes = 0;
  errors = 0;

  /** @param snapshot called between two steps of the tail, so that its parts are consistent */
  constructor(file: Pick<CheckpointFile, 'save'>, snapshot: () => unknown, report: OnCheckpoint) {
    this.#file = file;
    this.#snapshot = snapshot;
    this.#report = report;
  }

  get health(): CheckpointHealth {
    const lastWritten = this.#lastWrittenMs === 0 ? null : new Date(this.#lastWrittenMs).toISOString();
    return { state: this.#fault === null ? 'ok' : 'failing', fault: this.#fault, lastWritten };
  }

  /** The time of the state on disk, in epoch milliseconds; 0 if none has been written. */
  get lastWrittenMs(): number {
    return this.#lastWrittenMs;
  }

  start(): void {
    this.#heartbeat = setInterval(() => this.changed(), heartbeatMs);
    this.changed();
  }

  /** Schedules a write. A crash before it loses the change. */
  readonly changed = (): void => {
    if (this.#timer !== undefined) return;
    const inMs = Math.max(0, this.#lastStartMs + minIntervalMs - performance.now());
    this.#timer = setTimeout(() => void this.durable(), inMs);
  };

  /** Resolves when the current state is on disk, or could not be written. Never rejects. */
  readonly durable = (): Promise<void> => {
    // A write in progress may contain an older state.
    this.#next ??= this.#afterRunning();
    return this.#next;
  };

  stop(): void {
    clearInterval(this.#heartbeat);
    clearTimeout(this.#timer);
  }

  async #afterRunning(): Promise<void> {
    // Waits at least one turn, so that a step in progress ends first.
    await this.#running;
    this.#next = undefined;
    this.#running = this.#write();
    await this.#running;
  }

  async #write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#lastStartMs = performance.now();
    const before = this.#fault;
    const snapshotMs = Date.now();
    try {
      await this.#file.save(this.#snapshot());
      this.#fault = null;
      this.#lastWrittenMs = snapshotMs;
      this.writes++;
    } catch (error) {
      this.#fault = errorCode(error) ?? 'unknown error';
      this.errors++;
      this.changed();
    }
    if (this.#fault !== before) this.#report(this.#fault);
  }
}
