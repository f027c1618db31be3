import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { firstRow, newTimeRing, numberOf, rowAt, rowOf, setBack, type TimeRing } from '../rules/time-ring.ts';

/** Plain JSON. */
export interface TierSnapshot {
  readonly bucketMs: number;
  readonly firstMs: number;
  readonly head: number;
  /** The ring's cells, deflated, in base64: an array of numbers would take more memory than the ring itself. */
  readonly cells: string;
}

/** Lines are out of order by some milliseconds at most; a line older than this means that the clock was set back. */
const clockSlackMs = 10_000;

/** Counts by time, in memory allocated once. */
export class Tier {
  readonly bucketMs: number;
  readonly rows: number;
  /** Add to the cell at `rowAt(…) + column`. */
  readonly cells: Uint32Array;
  readonly #ring: TimeRing;

  constructor(bucketMs: number, rows: number, columns: number) {
    const ring = newTimeRing({ bucketMs, rows, columns }, (length) => new Uint32Array(length));
    this.bucketMs = bucketMs;
    this.rows = rows;
    this.cells = ring.cells;
    this.#ring = ring;
  }

  /** The number of the newest row; 0 if there is none. */
  get head(): number {
    return this.#ring.head;
  }

  /** The number of the oldest row that is kept. */
  get first(): number {
    return firstRow(this.#ring);
  }

  numberOf(atMs: number): number {
    return numberOf(this.#ring, atMs);
  }

  /** The index at which the row of a time begins. A time after the newest row starts a new one. */
  rowAt(atMs: number): number {
    const { head } = this.#ring;
    const isOlder = head !== 0 && this.numberOf(atMs) < head;
    if (isOlder && atMs < head * this.bucketMs - clockSlackMs) setBack(this.#ring, atMs);
    return rowAt(this.#ring, atMs);
  }

  /** The index at which a row begins; undefined if it is not known or no longer kept. */
  rowOf(number: number): number | undefined {
    return rowOf(this.#ring, number);
  }

  snapshot(): TierSnapshot {
    const { head, firstMs } = this.#ring;
    const cells = deflateRawSync(this.#bytes(), { level: 1 }).toString('base64');
    return { bucketMs: this.bucketMs, firstMs, head, cells };
  }

  /** Restores the counts from before a restart; a snapshot of another shape is ignored. */
  restore({ bucketMs, firstMs, head, cells }: TierSnapshot): void {
    if (bucketMs !== this.bucketMs) return;
    const own = this.#bytes();
    const saved = inflated(cells, own.length);
    if (saved?.length !== own.length) return;
    own.set(saved);
    Object.assign(this.#ring, { head, firstMs });
  }

  #bytes(): Uint8Array {
    return new Uint8Array(this.cells.buffer);
  }
}

/** Undefined if the data is not deflated or is longer than `maxOutputLength`. */
function inflated(base64: string, maxOutputLength: number): Uint8Array | undefined {
  try {
    return inflateRawSync(Buffer.from(base64, 'base64'), { maxOutputLength });
  } catch {
    return undefined;
  }
}
