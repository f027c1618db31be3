/**
 * Rows of counters, one for each bucket of time, the newest of them in a ring. Plain data, as long as its cells are. Counting
 * is adding to `cells` from {@link rowAt} on.
 */
export interface TimeRing {
  readonly bucketMs: number;
  readonly rows: number;
  readonly columns: number;
  /** Row by row, and one more row, which takes what is too old for all others. */
  readonly cells: number[] | Uint32Array;
  /** The newest row's number, counted from 1970; 0: none yet. */
  head: number;
  /** Nothing is known of the time before. */
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

/** The number of the first row that is known and kept. */
export function firstRow(ring: TimeRing): number {
  return Math.max(numberOf(ring, ring.firstMs), ring.head - ring.rows + 1);
}

/** Where the row of a time begins; the ring moves on to it if it is newer than all. */
export function rowAt(ring: TimeRing, atMs: number): number {
  const number = numberOf(ring, atMs);
  if (ring.head === 0) {
    ring.head = number;
    ring.firstMs = atMs;
  }
  moveTo(ring, atMs);
  return number <= ring.head - ring.rows ? ring.rows * ring.columns : startOf(ring, number);
}

/** Where the row of a number begins; undefined: it is not known, or no longer kept. */
export function rowOf(ring: TimeRing, number: number): number | undefined {
  return number > ring.head || number < firstRow(ring) ? undefined : startOf(ring, number);
}

/** Makes the row of a time the newest if it is; older rows go. */
export function moveTo(ring: TimeRing, atMs: number): void {
  const number = numberOf(ring, atMs);
  if (number <= ring.head) return;
  const fresh = Math.min(number - ring.head, ring.rows);
  for (let back = 0; back < fresh; back++) clearRow(ring, number - back);
  ring.head = number;
}

/** Takes back what was counted later than a time, because the clock was set back to it. */
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
