import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { FileIdentity } from '../../report/health.ts';
import { type Fingerprint, identifiesLog, LogHead, LogMark, markBytes } from './landmarks.ts';
import { type LineSink, LineSplitter } from './lines.ts';

/**
 * A reading position: everything before `offset` has been passed on as lines. The head shows whether this is a later file
 * with the same inode, or the same file after a truncation. The mark, the bytes right before `offset`, shows a truncation
 * that kept the first bytes.
 */
export interface Position extends FileIdentity {
  readonly offset: number;
  readonly head: Fingerprint;
  readonly mark: Fingerprint;
}

export function identityOf(stats: BigIntStats): FileIdentity {
  return { dev: String(stats.dev), ino: String(stats.ino) };
}

export function isSameFile(one: FileIdentity, other: FileIdentity): boolean {
  return one.ino === other.ino && one.dev === other.dev;
}

/** The log is not a regular file but, for example, the link to stdout in nginx's image. */
export class NotRegularFileError extends Error {
  readonly code = 'NOT_A_REGULAR_FILE';

  constructor(path: string) {
    super(`${path} is not a regular file (a link to stdout, a pipe?): the edge must log to a file for it to be read`);
    this.name = 'NotRegularFileError';
  }
}

/** Room that `read` needs in its buffer for the bytes before the new ones. */
export const overlapBytes = markBytes;

/**
 * The result of a read: the next lines; nothing new; a log that was truncated and starts over; or a log that was cut before
 * the reading position, so that lines written since may be lost.
 */
export type ReadResult = 'lines' | 'nothing' | 'truncated' | 'cut short';

/** One open log. It is read through its descriptor, whatever happens to its name. */
export class LogFile {
  readonly identity: FileIdentity;
  readonly #descriptor: number;
  readonly #lines: LineSplitter;
  readonly #head: LogHead;
  readonly #mark = new LogMark();
  /** The reading position when the log was cut. A copy may still contain what followed. */
  cutAt: Position | undefined;
  #offset = 0;
  #bytesRead = 0;

  /** @throws {NotRegularFileError} and the errors of open(2) */
  constructor(path: string, sink: LineSink, tooLong: () => void) {
    // O_NONBLOCK: opening a pipe without a writer would block forever.
    this.#descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stats = this.#stats();
      if (!stats.isFile()) throw new NotRegularFileError(path);
      this.identity = identityOf(stats);
      this.#head = new LogHead(this.#descriptor);
    } catch (error) {
      closeSync(this.#descriptor);
      throw error;
    }
    this.#lines = new LineSplitter(sink, tooLong);
  }

  get position(): Position {
    const { pendingBytes } = this.#lines;
    const mark = this.#mark.fingerprintBefore(pendingBytes);
    return { ...this.identity, offset: this.#offset - pendingBytes, head: this.#head.fingerprint, mark };
  }

  /** Bytes of complete lines that have been read. */
  get completeBytes(): number {
    return this.#bytesRead - this.#lines.pendingBytes;
  }

  /** Bytes that have not been read yet. */
  lagBytes(): number {
    return Math.max(0, this.#size() - this.#offset);
  }

  /** The time of the last write, in epoch milliseconds. */
  writtenMs(): number {
    return Number(this.#stats().mtimeNs) / 1e6;
  }

  /** The time of the last write or rename, in epoch milliseconds. */
  changedMs(): number {
    return Number(this.#stats().ctimeNs) / 1e6;
  }

  /** True if the position is in this file, or in one that this is a copy of. */
  isFileOf(position: Position): boolean {
    if (!this.#head.matches(position.head)) return false;
    return identifiesLog(position.head) || isSameFile(this.identity, position);
  }

  /**
   * Continues from this position, or from the end of a shorter log. Returns false if part of what was read is gone, as after a
   * power loss. What was written in its place cannot be distinguished from lines that were read, so it is skipped.
   */
  seek({ offset, mark }: Pick<Position, 'offset' | 'mark'>): boolean {
    this.#moveTo(offset);
    return this.#offset === offset && this.#mark.matches(mark);
  }

  /** Moves to the end, past a partial line. */
  skipToEnd(): void {
    this.#moveTo(Number.POSITIVE_INFINITY);
  }

  /**
   * Passes on the lines of the next chunk. The bytes before it are read again: if they differ, the log was cut, even if it is
   * now longer.
   */
  read(buffer: Buffer): ReadResult {
    const overlap = this.#mark.bytes;
    const length = buffer.length - overlapBytes + overlap;
    const read = readSync(this.#descriptor, buffer, 0, length, this.#offset - overlap);
    const bytes = buffer.subarray(0, read);
    if (!this.#head.isUnchanged()) return this.#restart();
    if (!this.#mark.isStartOf(bytes)) return this.#continueAfterCut();
    if (read === overlap) return 'nothing';
    this.#offset += read - overlap;
    this.#bytesRead += read - overlap;
    this.#mark.set(bytes);
    this.#lines.push(bytes.subarray(overlap));
    return 'lines';
  }

  close(): void {
    try {
      closeSync(this.#descriptor);
    } catch {
      // Closing a stale descriptor may fail.
    }
  }

  #restart(): ReadResult {
    this.cutAt = this.position;
    this.#lines.reset();
    this.#moveTo(0);
    this.#head.forget();
    return 'truncated';
  }

  #continueAfterCut(): ReadResult {
    this.cutAt = this.position;
    this.#lines.reset();
    this.#moveTo(this.cutAt.offset);
    return 'cut short';
  }

  #moveTo(offset: number): void {
    this.#offset = this.#mark.read(this.#descriptor, Math.min(offset, this.#size()));
    if (!this.#mark.endsLine) this.#lines.skipToNewline();
  }

  #size(): number {
    return Number(this.#stats().size);
  }

  #stats(): BigIntStats {
    return fstatSync(this.#descriptor, { bigint: true });
  }
}
