import { statSync } from 'node:fs';
import type { TailState } from '../../report/health.ts';
import { errorCode } from '../../system/error-code.ts';
import { messageOf } from '../errors.ts';
import type { LineSink } from './lines.ts';
import { identityOf, isSameFile, LogFile, overlapBytes, type Position } from './log-file.ts';
import { openIfPossible, openTrail, rotatedPaths } from './trail.ts';

/**
 * After a rotation, nginx's workers still write to the old file for a moment. After this time without a write, all have
 * reopened the log.
 */
const quietMs = 250;
/** No worker writes to a rotated file for longer. */
const maxDrainMs = 5_000;
/** A rotated file that was last written or renamed longer ago needs no waiting, for example after a restart. */
const oldMs = 1_000;
/** Errors after which a descriptor never works again: the file server no longer knows it, or the device failed. */
const deadDescriptor: ReadonlySet<unknown> = new Set(['ESTALE', 'EIO', 'EBADF', 'ENXIO', 'ENODEV']);

/** Why lines may be lost: a log was deleted before it was read to its end, or it was cut before the reading position. */
export type Gap = 'gone' | 'cut short';

/** A reading position, and when it was recorded, in epoch milliseconds. */
export interface Resume {
  readonly position: Position;
  readonly atMs: number;
}

export interface TailOptions {
  readonly path: string;
  readonly sink: LineSink;
  readonly tooLong: () => void;
  /** Where to start in a log that exists at the first step. */
  readonly from: 'start' | 'end' | Resume;
  readonly chunkBytes?: number | undefined;
}

/**
 * Follows one log by its descriptor through rotation, truncation and absence. It has no timers: each call of `step` does a
 * bounded amount of work.
 */
export class Tail {
  readonly #path: string;
  readonly #sink: LineSink;
  readonly #tooLong: () => void;
  readonly #buffer: Buffer;
  #from: TailOptions['from'];
  /** The log being read, then the later ones. */
  #files: LogFile[] = [];
  #drainSinceMs = 0;
  #lastReadMs = 0;
  #fault: Error | undefined;
  truncations = 0;
  rotations = 0;
  /** The number of times the tail found that lines may be lost. */
  gaps = 0;
  lastGap: Gap = 'gone';
  /** Bytes of complete lines that have been read. */
  bytes = 0;

  constructor({ path, sink, tooLong, from, chunkBytes = 64 * 1024 }: TailOptions) {
    this.#path = path;
    this.#sink = sink;
    this.#tooLong = tooLong;
    this.#from = from;
    this.#buffer = Buffer.allocUnsafeSlow(chunkBytes + overlapBytes);
  }

  get state(): TailState {
    if (this.#fault !== undefined) return 'failing';
    if (this.#files.length === 0) return 'waiting';
    return this.#files.length > 1 ? 'draining' : 'reading';
  }

  /** Why the log cannot be read; undefined if it can, or if it does not exist yet. */
  get fault(): string | undefined {
    return this.#fault === undefined ? undefined : messageOf(this.#fault);
  }

  /** Undefined if no log has been found yet. */
  get position(): Position | undefined {
    return this.#files[0]?.position ?? (typeof this.#from === 'object' ? this.#from.position : undefined);
  }

  /** Where a new tail must continue: a position, or the start or end of a log that has not been found yet. */
  get resumePoint(): Position | 'start' | 'end' {
    const { position } = this;
    if (position !== undefined) return position;
    return this.#from === 'end' ? 'end' : 'start';
  }

  lagBytes(): number {
    try {
      return this.#files.reduce((sum, file) => sum + file.lagBytes(), 0);
    } catch {
      return 0;
    }
  }

  /**
   * Reads at most one chunk. Returns true if there may be more. Never throws: it stores the fault, and the next step
   * retries.
   */
  step(nowMs: number): boolean {
    try {
      const more = this.#step(nowMs);
      this.#fault = undefined;
      return more;
    } catch (error) {
      this.#fault = error instanceof Error ? error : new Error('the log cannot be read');
      if (deadDescriptor.has(errorCode(error))) this.#closeToReopen(nowMs);
      return false;
    }
  }

  close(): void {
    for (const file of this.#files) file.close();
    this.#files = [];
  }

  #step(nowMs: number): boolean {
    const current = this.#files[0] ?? this.#openFirst();
    if (current === undefined) return false;
    const before = current.completeBytes;
    const result = current.read(this.#buffer);
    this.bytes += current.completeBytes - before;
    switch (result) {
      case 'lines':
        this.#lastReadMs = nowMs;
        return true;
      case 'truncated':
        this.truncations++;
        this.#openCopy(current);
        return true;
      case 'cut short':
        this.truncations++;
        this.#hasGap('cut short');
        this.#openCopy(current);
        return true;
      case 'nothing':
        return this.#advance(current, nowMs);
    }
  }

  /** At the end of a log, moves to the next one once nothing more is written to this one. */
  #advance(current: LogFile, nowMs: number): boolean {
    const known = this.#files.length;
    this.#openFollowing();
    if (this.#files.length === 1) return false;
    if (known === 1) this.#drainSinceMs = nowMs;
    const isOld = nowMs - current.changedMs() > oldMs;
    const isQuiet = nowMs - Math.max(this.#drainSinceMs, this.#lastReadMs) >= quietMs;
    if (!isOld && !isQuiet && nowMs - this.#drainSinceMs < maxDrainMs) return false;
    current.close();
    this.#files.shift();
    this.#drainSinceMs = nowMs;
    this.rotations++;
    return true;
  }

  #openFirst(): LogFile | undefined {
    const from = this.#from;
    if (typeof from === 'object') {
      const { position, atMs } = from;
      let intact = true;
      const seek = (file: LogFile) => {
        if (!file.isFileOf(position)) return false;
        intact = file.seek(position);
        return true;
      };
      const trail = openTrail(this.#path, this.#open, seek, atMs);
      if (trail === undefined) return undefined;
      this.#files.push(...trail.files);
      if (!trail.found) this.#hasGap('gone');
      else if (!intact) this.#hasGap('cut short');
    } else {
      const file = this.#open(this.#path);
      if (from === 'end') skipToEnd(file);
      if (file !== undefined) this.#files.push(file);
    }
    // A log that appears later is read from its start, even if the first step found none.
    this.#from = 'start';
    return this.#files[0];
  }

  /** Opens the file that now has the log's name, and those that were rotated since the newest known one. */
  #openFollowing(): void {
    const newest = this.#files.at(-1);
    if (newest === undefined) return;
    const stats = statSync(this.#path, { bigint: true, throwIfNoEntry: false });
    // While nothing has the name, the edge still writes to the file that had it.
    if (stats === undefined || isSameFile(identityOf(stats), newest.identity)) return;
    const isNewest = ({ identity }: LogFile) => isSameFile(identity, newest.identity);
    const trail = openTrail(this.#path, this.#open, isNewest, newest.writtenMs());
    if (trail === undefined) return;
    const [first, ...rest] = trail.files;
    if (trail.found) first?.close();
    else if (first !== undefined) this.#files.push(first);
    this.#files.push(...rest);
    // If even the newest known log is gone, others may be gone too.
    if (!trail.found && rest.length > 0) this.#hasGap('gone');
  }

  /** Opens the copy that logrotate's copytruncate leaves: it still contains what was cut before it was read. */
  #openCopy(current: LogFile): void {
    const { cutAt } = current;
    if (cutAt === undefined) return;
    for (const path of rotatedPaths(this.#path)) {
      const copy = openIfPossible(path, this.#open);
      if (copy?.isFileOf(cutAt) === true && !isSameFile(copy.identity, current.identity) && copy.seek(cutAt)) {
        if (copy.lagBytes() === 0) copy.close();
        else this.#files.unshift(copy);
        return;
      }
      copy?.close();
    }
  }

  #hasGap(gap: Gap): void {
    this.gaps++;
    this.lastGap = gap;
  }

  /** Closes everything. The next step reopens the log at the same position. */
  #closeToReopen(nowMs: number): void {
    const [current] = this.#files;
    if (current !== undefined) this.#from = { position: current.position, atMs: nowMs };
    this.close();
  }

  readonly #open = (path: string): LogFile | undefined => {
    try {
      return new LogFile(path, this.#sink, this.#tooLong);
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  };
}

/** @throws the read error, after closing the log */
function skipToEnd(file: LogFile | undefined): void {
  try {
    file?.skipToEnd();
  } catch (error) {
    file?.close();
    throw error;
  }
}
