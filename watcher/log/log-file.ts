import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { FileIdentity } from '../../report/health.ts';
import { type Fingerprint, isTelling, LogHead, LogMark, markBytes } from './landmarks.ts';
import { type LineSink, LineSplitter } from './lines.ts';

/**
 * Where reading stands: everything before `offset` has been handed on as lines. The head tells the file from a later one
 * that was given its inode, and from what it has become after a truncation; the mark, the bytes right before `offset`, from
 * what it has become after one that left its beginning.
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

/** A log that has to be a regular file and is something else, such as the link to stdout in nginx's image. */
export class NotRegularFileError extends Error {
  readonly code = 'NOT_A_REGULAR_FILE';

  constructor(path: string) {
    super(`${path} is not a regular file (a link to stdout, a pipe?): the edge must log to a file for it to be read`);
    this.name = 'NotRegularFileError';
  }
}

/** Room that `read` needs in its buffer beside that for what is new. */
export const readAgainBytes = markBytes;

/**
 * What a look at the log found: the next lines, nothing new, that it was cut and begins anew, or that it was cut somewhere
 * before the place where reading stood, which may have lost lines that were written since.
 */
export type Found = 'lines' | 'nothing' | 'truncated' | 'cut short';

/** One open log, read by its descriptor whatever happens to its name. */
export class LogFile {
  readonly identity: FileIdentity;
  readonly #descriptor: number;
  readonly #lines: LineSplitter;
  readonly #head: LogHead;
  readonly #mark = new LogMark();
  /** Where reading stood when the log was cut: a copy may still hold what came after. */
  cutAt: Position | undefined;
  #offset = 0;
  #bytesRead = 0;

  /** @throws {NotRegularFileError} and what open(2) can fail with */
  constructor(path: string, sink: LineSink, tooLong: () => void) {
    // O_NONBLOCK: opening a pipe that nobody writes to would block for good.
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
    const mark = this.#mark.printBefore(pendingBytes);
    return { ...this.identity, offset: this.#offset - pendingBytes, head: this.#head.print, mark };
  }

  /** Bytes that have been read, but for a line that is not complete yet. */
  get takenBytes(): number {
    return this.#bytesRead - this.#lines.pendingBytes;
  }

  /** Bytes that are there and have not been read. */
  lagBytes(): number {
    return Math.max(0, this.#size() - this.#offset);
  }

  /** When it was last written to, epoch milliseconds. */
  writtenMs(): number {
    return Number(this.#stats().mtimeNs) / 1e6;
  }

  /** When it was last written to or renamed, epoch milliseconds. */
  changedMs(): number {
    return Number(this.#stats().ctimeNs) / 1e6;
  }

  /** The file in which reading stood there, or a copy of it. */
  isAt(position: Position): boolean {
    if (!this.#head.matches(position.head)) return false;
    return isTelling(position.head) || isSameFile(this.identity, position);
  }

  /**
   * Goes on from there, or from the end of a log that is shorter. False: not all that was read is there any more, as after a
   * loss of power. What was written in its place cannot be told from what was read before it, and is left out.
   */
  goTo({ offset, mark }: Pick<Position, 'offset' | 'mark'>): boolean {
    this.#moveTo(offset);
    return this.#offset === offset && this.#mark.matches(mark);
  }

  /** Goes to the end, past a line that is only half written. */
  skipToEnd(): void {
    this.#moveTo(Number.POSITIVE_INFINITY);
  }

  /**
   * Hands the lines of the next chunk on. The bytes before it are read once more with it: if they are not what they were,
   * the log was cut, however long it is now.
   */
  read(buffer: Buffer): Found {
    const again = this.#mark.bytes;
    const length = buffer.length - readAgainBytes + again;
    const read = readSync(this.#descriptor, buffer, 0, length, this.#offset - again);
    const bytes = buffer.subarray(0, read);
    if (!this.#head.holds()) return this.#restart();
    if (!this.#mark.isStartOf(bytes)) return this.#goOnAfterCut();
    if (read === again) return 'nothing';
    this.#offset += read - again;
    this.#bytesRead += read - again;
    this.#mark.set(bytes);
    this.#lines.push(bytes.subarray(again));
    return 'lines';
  }

  close(): void {
    try {
      closeSync(this.#descriptor);
    } catch {
      // A descriptor that has gone stale may fail to close as well.
    }
  }

  #restart(): Found {
    this.cutAt = this.position;
    this.#lines.reset();
    this.#moveTo(0);
    this.#head.forget();
    return 'truncated';
  }

  #goOnAfterCut(): Found {
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
