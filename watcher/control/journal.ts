import { join } from 'node:path';
import { type JournalRecord, recordOf } from '../../journal/record.ts';
import { ControlFile } from './control-file.ts';

/** The last journal record that was read. Plain data. */
export interface SeenRecord {
  /** Empty if the journal had no records. */
  readonly id: string;
  readonly atMs: number;
}

/** The edge trims the journal long before it reaches this size. */
const maxBytes = 256 * 1024;

/**
 * Follows the journal in the control directory. Trimming rewrites the file, so a position is the id of a record, not an
 * offset.
 */
export class Journal {
  readonly #file: ControlFile;
  #seen: SeenRecord;
  /** Rejected lines after the last record, which are already counted. */
  #counted = 0;
  #rejects = 0;
  #fault: string | null = null;

  constructor(directory: string, seen: SeenRecord) {
    this.#file = new ControlFile(join(directory, 'journal.jsonl'), maxBytes);
    this.#seen = seen;
  }

  /** Lines that are not records. */
  get rejects(): number {
    return this.#rejects;
  }

  /** Why the journal cannot be read; null if it can, or if there is none. */
  get fault(): string | null {
    return this.#fault;
  }

  /** The records since the last call, oldest first. */
  read(): readonly JournalRecord[] {
    const content = this.#file.read();
    if (content === undefined) return [];
    this.#fault = content.found === 'fault' ? content.fault : null;
    if (content.found !== 'text') return [];
    const lines = content.text.split('\n');
    // A line without a newline is still being written, and the first one may be incomplete if only the end was read.
    lines.pop();
    if (!content.whole) lines.shift();
    return this.#newIn(lines);
  }

  #newIn(lines: readonly string[]): readonly JournalRecord[] {
    const { id, atMs } = this.#seen;
    const records: JournalRecord[] = [];
    let rejected = 0;
    let rejectedAtEnd = 0;
    let isKnown = false;
    for (const line of lines.toReversed()) {
      if (line === '') continue;
      const one = recordOf(line);
      if (one === undefined) {
        rejected++;
        continue;
      }
      if (records.length === 0) rejectedAtEnd = rejected;
      isKnown = one.id === id;
      if (isKnown) break;
      records.push(one);
    }
    if (records.length === 0) rejectedAtEnd = rejected;
    this.#rejects += Math.max(0, rejected - this.#counted);
    this.#counted = rejectedAtEnd;
    records.reverse();
    // If the last record that was seen has been trimmed away, compare times.
    const fresh = isKnown ? records : records.filter((one) => one.atMs > atMs);
    const last = fresh.at(-1);
    if (last !== undefined) this.#seen = { id: last.id, atMs: last.atMs };
    return fresh;
  }
}

/** All records that are in the journal now. */
export function earlierRecords(directory: string): readonly JournalRecord[] {
  return new Journal(directory, { id: '', atMs: Number.NEGATIVE_INFINITY }).read();
}

/** The journal's records that have not been processed yet. While the log is replayed, they wait for their time. */
export class Records {
  readonly #directory: string;
  #journal: Journal | undefined;
  readonly #waiting: JournalRecord[] = [];

  constructor(directory: string) {
    this.#directory = directory;
  }

  get rejects(): number {
    return this.#journal?.rejects ?? 0;
  }

  get fault(): string | null {
    return this.#journal?.fault ?? null;
  }

  /** Starts following the journal. The earlier records that it returns raise no alerts. */
  begin(nowMs: number): { readonly earlier: readonly JournalRecord[]; readonly seen: SeenRecord } {
    const earlier = earlierRecords(this.#directory);
    const last = earlier.at(-1);
    const seen = last === undefined ? { id: '', atMs: nowMs } : { id: last.id, atMs: last.atMs };
    this.#journal = new Journal(this.#directory, seen);
    return { earlier, seen };
  }

  /**
   * Reads new records.
   * @param seen the last record that was processed
   */
  look(seen: SeenRecord): void {
    this.#journal ??= new Journal(this.#directory, seen);
    this.#waiting.push(...this.#journal.read());
  }

  /** Takes the next record up to `untilMs`, in epoch milliseconds. */
  next(untilMs = Number.POSITIVE_INFINITY): JournalRecord | undefined {
    const [first] = this.#waiting;
    return first !== undefined && first.atMs <= untilMs ? this.#waiting.shift() : undefined;
  }
}
