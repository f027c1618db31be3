import { statSync } from 'node:fs';
import type { LineSink } from './lines.ts';
import { identityOf, isSameFile, LogFile, type Position } from './log-file.ts';
import { rotatedSince } from './rotations.ts';

/** A worker of the edge goes on writing to the rotated file for a moment; this long a silence means that it is done. */
const quietMs = 250;
/** Nobody writes to a rotated file for longer than this. */
const maxDrainMs = 5_000;

export type TailState = 'waiting' | 'reading' | 'draining' | 'failing';

export interface TailOptions {
  readonly path: string;
  readonly sink: LineSink;
  readonly tooLong: () => void;
  /** Where to begin in a log that is there already at the first look. */
  readonly from: 'start' | 'end';
  readonly chunkBytes?: number;
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
  #from: 'start' | 'end';
  /** The one that is read, then those that were seen to follow it. */
  #files: LogFile[] = [];
  #drainSinceMs = 0;
  #lastReadMs = 0;
  #fault: Error | undefined;
  truncations = 0;
  rotations = 0;

  constructor({ path, sink, tooLong, from, chunkBytes = 64 * 1024 }: TailOptions) {
    this.#path = path;
    this.#sink = sink;
    this.#tooLong = tooLong;
    this.#from = from;
    this.#buffer = Buffer.allocUnsafeSlow(chunkBytes);
  }

  get state(): TailState {
    if (this.#fault !== undefined) return 'failing';
    if (this.#files.length === 0) return 'waiting';
    return this.#files.length > 1 ? 'draining' : 'reading';
  }

  /** Why the log cannot be read; undefined: it can, or it is not there yet. */
  get fault(): string | undefined {
    return this.#fault?.message;
  }

  /** Undefined: no log has been seen. */
  get position(): Position | undefined {
    return this.#files[0]?.position;
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
      return false;
    }
  }

  close(): void {
    for (const file of this.#files) file.close();
    this.#files = [];
  }

  #step(nowMs: number): boolean {
    const current = this.#files[0] ?? this.#openFirst();
    // A later file is read from its start even if the first look found none.
    this.#from = 'start';
    if (current === undefined) return false;
    if (current.restartIfTruncated()) this.truncations++;
    if (current.readChunk(this.#buffer) > 0) {
      this.#lastReadMs = nowMs;
      return true;
    }
    const next = this.#files.length;
    this.#openFollowing();
    if (this.#files.length === 1) return false;
    if (next === 1) this.#drainSinceMs = nowMs;
    const quiet = nowMs - Math.max(this.#drainSinceMs, this.#lastReadMs) >= quietMs;
    if (!quiet && nowMs - this.#drainSinceMs < maxDrainMs) return false;
    current.close();
    this.#files.shift();
    this.#drainSinceMs = nowMs;
    this.rotations++;
    return true;
  }

  #openFirst(): LogFile | undefined {
    const file = this.#open(this.#path);
    if (file === undefined) return undefined;
    if (this.#from === 'end') file.skipToEnd();
    this.#files.push(file);
    return file;
  }

  /** Opens what has taken the newest known file's name, and what was rotated away again in between. */
  #openFollowing(): void {
    const newest = this.#files.at(-1);
    if (newest === undefined) return;
    const stats = statSync(this.#path, { bigint: true, throwIfNoEntry: false });
    // No such name: the edge still writes to the file that had it.
    if (stats === undefined || isSameFile(identityOf(stats), newest.identity)) return;
    const following = [...rotatedSince(this.#path, newest.identity), { path: this.#path, identity: identityOf(stats) }];
    for (const { path, identity } of following) {
      const file = this.#open(path);
      if (file !== undefined && isSameFile(file.identity, identity)) {
        this.#files.push(file);
        continue;
      }
      // Another rotation has shifted the names since they were listed: the next step goes on from here.
      file?.close();
      return;
    }
  }

  #open(path: string): LogFile | undefined {
    try {
      return new LogFile(path, this.#sink, this.#tooLong);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
  }
}
