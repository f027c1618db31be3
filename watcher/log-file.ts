import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { type LineSink, LineSplitter } from './lines.ts';

/** Which file, however it is called now. Strings: an inode can be larger than a number holds. */
export interface FileIdentity {
  readonly dev: string;
  readonly ino: string;
}

/** Where reading stands: everything before `offset` has been handed on as lines. */
export interface Position extends FileIdentity {
  readonly offset: number;
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

/** One open log, read by its descriptor whatever happens to its name. */
export class LogFile {
  readonly identity: FileIdentity;
  readonly #descriptor: number;
  readonly #lines: LineSplitter;
  #offset = 0;

  /** @throws {NotRegularFileError} and what open(2) can fail with */
  constructor(path: string, sink: LineSink, tooLong: () => void) {
    // O_NONBLOCK: opening a pipe that nobody writes to would block for good.
    this.#descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stats = fstatSync(this.#descriptor, { bigint: true });
      if (!stats.isFile()) throw new NotRegularFileError(path);
      this.identity = identityOf(stats);
    } catch (error) {
      closeSync(this.#descriptor);
      throw error;
    }
    this.#lines = new LineSplitter(sink, tooLong);
  }

  get position(): Position {
    return { ...this.identity, offset: this.#offset - this.#lines.pendingBytes };
  }

  /** Bytes that are there and have not been read. */
  lagBytes(): number {
    return Math.max(0, this.#size() - this.#offset);
  }

  /** Goes to the end, past a line that is only half written. */
  skipToEnd(): void {
    this.#offset = this.#size();
    const last = Buffer.alloc(1);
    const read = this.#offset === 0 ? 0 : readSync(this.#descriptor, last, 0, 1, this.#offset - 1);
    if (read === 1 && last[0] !== newline) this.#lines.skipToNewline();
  }

  /** Begins again if the file has become shorter than what was read of it; true: it had. */
  restartIfTruncated(): boolean {
    if (this.#size() >= this.#offset) return false;
    this.#offset = 0;
    this.#lines.reset();
    return true;
  }

  /** Hands the lines of the next chunk on; returns how many bytes there were, 0 at the end. */
  readChunk(buffer: Buffer): number {
    const read = readSync(this.#descriptor, buffer, 0, buffer.length, this.#offset);
    if (read === 0) return 0;
    this.#offset += read;
    this.#lines.push(buffer.subarray(0, read));
    return read;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #size(): number {
    return Number(fstatSync(this.#descriptor).size);
  }
}
