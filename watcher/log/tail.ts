import { statSync } from 'node:fs';
import type { TailState } from '../../report/health.ts';
import { errorCode } from '../../system/error-code.ts';
import { messageOf } from '../errors.ts';
import type { LineSink } from './lines.ts';
import { identityOf, isSameFile, LogFile, type Position, readAgainBytes } from './log-file.ts';
import { openIfPossible, openTrail, rotatedPaths } from './trail.ts';

/** A worker of the edge goes on writing to the rotated file for a moment; this long a silence means that it is done. */
const quietMs = 250;
/** Nobody writes to a rotated file for longer than this. */
const maxDrainMs = 5_000;
/** Neither written to nor renamed for this long: found so after a lag or a restart, it needs no waiting for. */
const oldMs = 1_000;
/** The descriptor will not come to life again: a file server that forgot it, a device that failed. */
const deadDescriptor: ReadonlySet<unknown> = new Set(['ESTALE', 'EIO', 'EBADF', 'ENXIO', 'ENODEV']);

/** A log was gone before it had been read to its end, or not all of what had been read of it was there any more. */
export type Gap = 'gone' | 'cut short';

/** Where reading stood at some time, epoch milliseconds. */
export interface Resume {
  readonly position: Position;
  readonly atMs: number;
}

export interface TailOptions {
  readonly path: string;
  readonly sink: LineSink;
  readonly tooLong: () => void;
  /** Where to begin in a log that is there already at the first look. */
  readonly from: 'start' | 'end' | Resume;
  readonly chunkBytes?: number | undefined;
}

/**
 * Follows one log through rotation, truncation and absence, by descriptor and never by name. Nothing runs by itself:
 * `step` is called again and again, and does one bounded piece of work.
 */
export class Tail {
  readonly #path: string;
  readonly #sink: LineSink;
  readonly #tooLong: () => void;
  readonly #buffer: Buffer;
  #from: TailOptions['from'];
  /** The one that is read, then those that were seen to follow it. */
  #files: LogFile[] = [];
  #drainSinceMs = 0;
  #lastReadMs = 0;
  #fault: Error | undefined;
  truncations = 0;
  rotations = 0;
  /** How often lines may have been lost, as far as can be known. */
  gaps = 0;
  lastGap: Gap = 'gone';
  /** Bytes of lines that have been taken, without the one that is not complete yet. */
  bytes = 0;

  constructor({ path, sink, tooLong, from, chunkBytes = 64 * 1024 }: TailOptions) {
    this.#path = path;
    this.#sink = sink;
    this.#tooLong = tooLong;
    this.#from = from;
    this.#buffer = Buffer.allocUnsafeSlow(chunkBytes + readAgainBytes);
  }

  get state(): TailState {
    if (this.#fault !== undefined) return 'failing';
    if (this.#files.length === 0) return 'waiting';
    return this.#files.length > 1 ? 'draining' : 'reading';
  }

  /** Why the log cannot be read; undefined: it can, or it is not there yet. */
  get fault(): string | undefined {
    return this.#fault === undefined ? undefined : messageOf(this.#fault);
  }

  /** Undefined: no log has been seen. */
  get position(): Position | undefined {
    return this.#files[0]?.position ?? (typeof this.#from === 'object' ? this.#from.position : undefined);
  }

  /** Where a tail that is made anew has to begin: a position, or which end of a log that has not been seen yet. */
  get standing(): Position | 'start' | 'end' {
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

  /** Reads at most one chunk; true: there may be more at once. Never throws: a fault is kept and tried again. */
  step(nowMs: number): boolean {
    try {
      const more = this.#step(nowMs);
      this.#fault = undefined;
      return more;
    } catch (error) {
      this.#fault = error instanceof Error ? error : new Error('the log cannot be read');
      if (deadDescriptor.has(errorCode(error))) this.#letGo(nowMs);
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
    const before = current.takenBytes;
    const found = current.read(this.#buffer);
    this.bytes += current.takenBytes - before;
    switch (found) {
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
        return this.#goOn(current, nowMs);
    }
  }

  /** At the end of a log: to the next one, once nobody writes to this one any more. */
  #goOn(current: LogFile, nowMs: number): boolean {
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
      const goThere = (file: LogFile) => {
        if (!file.isAt(position)) return false;
        intact = file.goTo(position);
        return true;
      };
      const trail = openTrail(this.#path, this.#open, goThere, atMs);
      if (trail === undefined) return undefined;
      this.#files.push(...trail.files);
      if (!trail.found) this.#hasGap('gone');
      else if (!intact) this.#hasGap('cut short');
    } else {
      const file = this.#open(this.#path);
      if (from === 'end') skipToEnd(file);
      if (file !== undefined) this.#files.push(file);
    }
    // A later file is read from its start even if the first look found none.
    this.#from = 'start';
    return this.#files[0];
  }

  /** Opens what has taken the newest known file's name, and what was rotated away again in between. */
  #openFollowing(): void {
    const newest = this.#files.at(-1);
    if (newest === undefined) return;
    const stats = statSync(this.#path, { bigint: true, throwIfNoEntry: false });
    // No such name: the edge still writes to the file that had it.
    if (stats === undefined || isSameFile(identityOf(stats), newest.identity)) return;
    const isNewest = ({ identity }: LogFile) => isSameFile(identity, newest.identity);
    const trail = openTrail(this.#path, this.#open, isNewest, newest.writtenMs());
    if (trail === undefined) return;
    const [first, ...rest] = trail.files;
    if (trail.found) first?.close();
    else if (first !== undefined) this.#files.push(first);
    this.#files.push(...rest);
    // So many rotations that even the one that is read is gone: others may be gone with it.
    if (!trail.found && rest.length > 0) this.#hasGap('gone');
  }

  /** What was cut off before it had been read is still in the copy, where the log was copied and then truncated. */
  #openCopy(current: LogFile): void {
    const { cutAt } = current;
    if (cutAt === undefined) return;
    for (const path of rotatedPaths(this.#path)) {
      const copy = openIfPossible(path, this.#open);
      if (copy?.isAt(cutAt) === true && !isSameFile(copy.identity, current.identity) && copy.goTo(cutAt)) {
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

  /** Closes everything, to begin again where it stood. */
  #letGo(nowMs: number): void {
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

/** @throws what the log cannot be read for; it is closed then */
function skipToEnd(file: LogFile | undefined): void {
  try {
    file?.skipToEnd();
  } catch (error) {
    file?.close();
    throw error;
  }
}
