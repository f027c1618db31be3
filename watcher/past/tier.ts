import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** Plain JSON. */
export interface TierSnapshot {
  readonly bucketMs: number;
  readonly firstMs: number;
  readonly head: number;
  /** The ring as it is, deflated, in base64: an array of numbers would take more memory than the ring itself. */
  readonly cells: string;
}

/** The log is in order of its times but for some milliseconds: further back, the clock was set back. */
const clockSlackMs = 10_000;

/** Counts by time: a ring of rows, one a bucket of time, in memory that is made once. */
export class Tier {
  readonly bucketMs: number;
  readonly rows: number;
  /** To be added to at `rowAt(…) + column`. */
  readonly cells: Uint32Array;
  readonly #columns: number;
  /** The newest row's number, counted from 1970; 0: none yet. */
  #head = 0;
  /** Before it nothing is known. */
  #firstMs = 0;

  constructor(bucketMs: number, rows: number, columns: number) {
    this.bucketMs = bucketMs;
    this.rows = rows;
    this.#columns = columns;
    // One more, which takes what is too old for all the others.
    this.cells = new Uint32Array((rows + 1) * columns);
  }

  /** The newest row's number. */
  get head(): number {
    return this.#head;
  }

  /** The number of the first row that tells something. */
  get first(): number {
    return Math.max(this.numberOf(this.#firstMs), this.#head - this.rows + 1);
  }

  numberOf(atMs: number): number {
    return Math.floor(atMs / this.bucketMs);
  }

  /** Where the row of a time begins, which becomes the newest one if it is. */
  rowAt(atMs: number): number {
    const number = this.numberOf(atMs);
    if (this.#head === 0) {
      this.#head = number;
      this.#firstMs = atMs;
    }
    if (number < this.#head && atMs < this.#head * this.bucketMs - clockSlackMs) this.#setBack(number);
    if (number > this.#head) this.#passTo(number);
    return number <= this.#head - this.rows ? this.rows * this.#columns : (number % this.rows) * this.#columns;
  }

  /** Where the row of a number begins; undefined: there is none, so nothing was counted. */
  rowOf(number: number): number | undefined {
    if (number > this.#head || number < this.first) return undefined;
    return (number % this.rows) * this.#columns;
  }

  snapshot(): TierSnapshot {
    const cells = deflateRawSync(this.#bytes(), { level: 1 }).toString('base64');
    return { bucketMs: this.bucketMs, firstMs: this.#firstMs, head: this.#head, cells };
  }

  /** Takes over what was counted before a restart; what is of another shape counts for nothing. */
  restore({ bucketMs, firstMs, head, cells }: TierSnapshot): void {
    if (bucketMs !== this.bucketMs) return;
    const own = this.#bytes();
    const saved = inflated(cells, own.length);
    if (saved?.length !== own.length) return;
    own.set(saved);
    this.#head = head;
    this.#firstMs = firstMs;
  }

  #bytes(): Uint8Array {
    return new Uint8Array(this.cells.buffer);
  }

  #passTo(number: number): void {
    const fresh = Math.min(number - this.#head, this.rows);
    for (let back = 0; back < fresh; back++) this.#clear(number - back);
    this.#head = number;
  }

  /** What was counted later than now never was. */
  #setBack(number: number): void {
    const stale = Math.min(this.#head - number, this.rows);
    for (let back = 0; back < stale; back++) this.#clear(this.#head - back);
    this.#head = number;
    this.#firstMs = Math.min(this.#firstMs, number * this.bucketMs);
  }

  #clear(number: number): void {
    const row = (number % this.rows) * this.#columns;
    this.cells.fill(0, row, row + this.#columns);
  }
}

/** Undefined: it is nothing that was deflated, or more than that. */
function inflated(base64: string, maxOutputLength: number): Uint8Array | undefined {
  try {
    return inflateRawSync(Buffer.from(base64, 'base64'), { maxOutputLength });
  } catch {
    return undefined;
  }
}
