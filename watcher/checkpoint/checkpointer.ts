import type { CheckpointHealth } from '../../report/health.ts';
import { errorCode } from '../../system/error-code.ts';
import type { CheckpointFile } from './checkpoint-file.ts';

/** Between two writes while lines come in. */
const everyMs = 1_000;
/** Between two writes while nothing happens. The watcher can have stopped at most this long after its last checkpoint. */
const heartbeatMs = 30_000;

/** Called with the error's code when writing starts to fail, and with null when it succeeds again. */
export type OnCheckpoint = (fault: string | null) => void;

/** Decides when the checkpoint is written. Only one write runs at a time; requests during a write are served by the next one. */
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

  /** @param snapshot taken between two steps, so that its parts are consistent */
  constructor(file: Pick<CheckpointFile, 'save'>, snapshot: () => unknown, report: OnCheckpoint) {
    this.#file = file;
    this.#snapshot = snapshot;
    this.#report = report;
  }

  get health(): CheckpointHealth {
    const lastWritten = this.#lastWrittenMs === 0 ? null : new Date(this.#lastWrittenMs).toISOString();
    return { state: this.#fault === null ? 'ok' : 'failing', fault: this.#fault, lastWritten };
  }

  /** The time of the state on disk, in epoch milliseconds; 0 if nothing was written yet. */
  get lastWrittenMs(): number {
    return this.#lastWrittenMs;
  }

  start(): void {
    this.#heartbeat = setInterval(() => this.changed(), heartbeatMs);
    this.changed();
  }

  /** Requests a write soon. A crash before it may lose the change. */
  readonly changed = (): void => {
    if (this.#timer !== undefined) return;
    const inMs = Math.max(0, this.#beganMs + everyMs - performance.now());
    this.#timer = setTimeout(() => void this.durable(), inMs);
  };

  /** Resolves when the present state is on disk, or could not be written. Never rejects. */
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
    // At least one turn later, so that a step in progress ends first.
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
