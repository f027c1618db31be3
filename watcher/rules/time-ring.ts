/**
 * Counters by time: a ring of the newest time buckets, each with one row of counters. Plain data if its cells are. To count,
 * add to `cells` at the offset that {@link rowAt} returns.
 */
export interface TimeRing {
  readonly bucketMs: number;
  readonly rows: number;
  readonly columns: number;
  /** Row by row, plus one extra row for counts that are too old for all others. */
  readonly cells: number[] | Uint32Array;
  /** The number of the newest row, in buckets since 1970; 0 if there is none yet. */
  head: number;
  /** When counting began. */
  firstMs: number;
}

type Shape = Pick<TimeRing, 'bucketMs' | 'rows' | 'columns'>;

export function newTimeRing<Cells extends TimeRing['cells']>(
  { bucketMs, rows, columns }: Shape,
  cells: (length: number) => Cells,
): TimeRing & { readonly cells: Cells } {
  return { bucketMs, rows, columns, cells: cells((rows + 1) * columns), head: 0, firstMs: 0 };
}

export function numberOf({ bucketMs }: Pick<TimeRing, 'bucketMs'>, atMs: number): number {
  return Math.floor(atMs / bucketMs);
}

/** The number of the oldest row that is kept. */
export function firstRow(ring: TimeRing): number {
  return Math.max(numberOf(ring, ring.firstMs), ring.head - ring.rows + 1);
}

/** The offset of the row for a time. Advances the ring if the row is newer than all others. */
export function rowAt(ring: TimeRing, atMs: number): number {
  const number = numberOf(ring, atMs);
  if (ring.head === 0) {
    ring.head = number;
    ring.firstMs = atMs;
  }
  moveTo(ring, atMs);
  return number <= ring.head - ring.rows ? ring.rows * ring.columns : startOf(ring, number);
}

/** The offset of the row with a number; undefined if there is no such row yet, or no longer. */
export function rowOf(ring: TimeRing, number: number): number | undefined {
  return number > ring.head || number < firstRow(ring) ? undefined : startOf(ring, number);
}

/** Advances the ring to a time and drops the oldest rows. Does nothing if the time is not newer than the newest row. */
export function moveTo(ring: TimeRing, atMs: number): void {
  const number = numberOf(ring, atMs);
  if (number <= ring.head) return;
  const fresh = Math.min(number - ring.head, ring.rows);
  for (let back = 0; back < fresh; back++) clearRow(ring, number - back);
  ring.head = number;
}

/** Discards what was counted after a time, because the clock was set back to it. */
export function setBack(ring: TimeRing, atMs: number): void {
  const number = numberOf(ring, atMs);
  const stale = Math.min(ring.head - number, ring.rows);
  for (let back = 0; back < stale; back++) clearRow(ring, ring.head - back);
  ring.head = number;
  ring.firstMs = Math.min(ring.firstMs, number * ring.bucketMs);
}

/** The sum of one column over the newest rows. */
export function sumOf(ring: TimeRing, column: number, rows: number): number {
  let sum = 0;
  for (let back = 0; back < Math.min(rows, ring.head); back++) {
    sum += ring.cells[startOf(ring, ring.head - back) + column] ?? 0;
  }
  return sum;
}

export function clear(ring: TimeRing): void {
  ring.cells.fill(0);
  ring.head = 0;
  ring.firstMs = 0;
}

function clearRow(ring: TimeRing, number: number): void {
  const start = startOf(ring, number);
  ring.cells.fill(0, start, start + ring.columns);
}

function startOf({ rows, columns }: TimeRing, number: number): number {
  return (number % rows) * columns;
}
