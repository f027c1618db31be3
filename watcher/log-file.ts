import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { type LineSink, LineSplitter } from './lines.ts';
import { type HeadPrint, isTelling, LogHead } from './log-head.ts';

/** Which file, however it is called now. Strings: an inode can be larger than a number holds. */
export interface FileIdentity {
  readonly dev: string;
  readonly ino: string;
}

/**
 * Where reading stands: everything before `offset` has been handed on as lines. The head tells the file from a later one
 * that was given its inode, and from what it has become after a truncation.
 */
export interface Position extends FileIdentity {
  readonly offset: number;
  readonly head: HeadPrint;
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

const newline = 0x0a;

/** What a look at the log found: the next lines, nothing new, or that it was cut and begins anew. */
export type Found = 'lines' | 'nothing' | 'truncated';

/** One open log, read by its descriptor whatever happens to its name. */
export class LogFile {
  readonly identity: FileIdentity;
  readonly #descriptor: number;
  readonly #lines: LineSplitter;
  readonly #head: LogHead;
  /** Where reading stood when the log was cut to nothing: a copy may still hold what came after. */
  cutAt: Position | undefined;
  #offset = 0;
  /** Of the last change that was looked into. */
  #changedNs = -1n;

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
    return { ...this.identity, offset: this.#offset - this.#lines.pendingBytes, head: this.#head.print };
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

  /** Goes on from there; from the end, if it has lost what was read of it (a machine that lost its power). */
  goTo(offset: number): void {
    this.#offset = Math.min(offset, this.#size());
    this.#skipBrokenLine();
  }

  /** Goes to the end, past a line that is only half written. */
  skipToEnd(): void {
    this.goTo(Number.POSITIVE_INFINITY);
  }

  /**
   * Hands the lines of the next chunk on. A truncation is seen by the head even if the log has grown past the old offset
   * since, so what is read counts only once the head has been looked at.
   */
  read(buffer: Buffer): Found {
    const read = readSync(this.#descriptor, buffer, 0, buffer.length, this.#offset);
    if (read === 0) return this.#atEnd();
    if (!this.#head.holds()) return this.#restart();
    this.#offset += read;
    this.#lines.push(buffer.subarray(0, read));
    return 'lines';
  }

  close(): void {
    try {
      closeSync(this.#descriptor);
    } catch {
      // A descriptor that has gone stale may fail to close as well.
    }
  }

  #atEnd(): Found {
    const { size, mtimeNs } = this.#stats();
    const isShorter = size < this.#offset;
    // Cut and grown again to the very same size shows only in its time.
    if (!isShorter && mtimeNs === this.#changedNs) return 'nothing';
    this.#changedNs = mtimeNs;
    if (!this.#head.holds()) return this.#restart();
    if (!isShorter) return 'nothing';
    // Cut, but not to nothing: what is left has been read.
    this.#lines.reset();
    this.goTo(Number(size));
    return 'truncated';
  }

  #restart(): Found {
    this.cutAt = this.position;
    this.#offset = 0;
    this.#lines.reset();
    this.#head.forget();
    return 'truncated';
  }

  #skipBrokenLine(): void {
    if (this.#offset === 0) return;
    const last = Buffer.alloc(1);
    const read = readSync(this.#descriptor, last, 0, 1, this.#offset - 1);
    if (read === 1 && last[0] !== newline) this.#lines.skipToNewline();
  }

  #size(): number {
    return Number(this.#stats().size);
  }

  #stats(): BigIntStats {
    return fstatSync(this.#descriptor, { bigint: true });
  }
}
