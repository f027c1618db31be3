import { join } from 'node:path';
import { type JournalRecord, record } from '../../journal/record.ts';
import { ControlFile } from './control-file.ts';

/** The last record that has been seen. Plain data. */
export interface SeenRecord {
  /** Empty: the journal held none. */
  readonly id: string;
  readonly atMs: number;
}

/** It is trimmed long before it is so large. */
const maxBytes = 256 * 1024;

/**
 * Follows the journal in the control directory. It is rewritten when it is trimmed, so that a place in it is known by the id
 * of a record alone.
 */
export class Journal {
  readonly #file: ControlFile;
  #seen: SeenRecord;
  /** Lines after the last good one that have been counted as rejected. */
  #counted = 0;
  #rejects = 0;
  #fault: string | null = null;

  constructor(directory: string, seen: SeenRecord) {
    this.#file = new ControlFile(join(directory, 'journal.jsonl'), maxBytes);
    this.#seen = seen;
  }

  /** Lines that are no records. */
  get rejects(): number {
    return this.#rejects;
  }

  /** Why it cannot be read; null: it can, or there is none. */
  get fault(): string | null {
    return this.#fault;
  }

  /** The records that have come since the last look, oldest first. */
  read(): readonly JournalRecord[] {
    const content = this.#file.read();
    if (content === undefined) return [];
    this.#fault = content.found === 'fault' ? content.fault : null;
    if (content.found !== 'text') return [];
    const lines = content.text.split('\n');
    // What is not ended by a newline is still being written; what the reading began in the middle of is no line.
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
    // The one that was seen last has been trimmed away.
    const fresh = isKnown ? records : records.filter((one) => one.atMs > atMs);
    const last = fresh.at(-1);
    if (last !== undefined) this.#seen = { id: last.id, atMs: last.atMs };
    return fresh;
  }
}

/** What was in the journal of this directory before anybody looked. */
export function earlierRecords(directory: string): readonly JournalRecord[] {
  return new Journal(directory, { id: '', atMs: Number.NEGATIVE_INFINITY }).read();
}

function recordOf(line: string): JournalRecord | undefined {
  try {
    return record.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** The journal's records that have come and have not been taken yet: in a replay they wait for their time. */
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

  /** Before the first look of all; what it returns is no news. */
  begin(nowMs: number): { readonly earlier: readonly JournalRecord[]; readonly seen: SeenRecord } {
    const earlier = earlierRecords(this.#directory);
    const last = earlier.at(-1);
    const seen = last === undefined ? { id: '', atMs: nowMs } : { id: last.id, atMs: last.atMs };
    this.#journal = new Journal(this.#directory, seen);
    return { earlier, seen };
  }

  /** @param seen what was taken last */
  look(seen: SeenRecord): void {
    this.#journal ??= new Journal(this.#directory, seen);
    this.#waiting.push(...this.#journal.read());
  }

  /** The next one, if it is of that time or before. */
  next(untilMs = Number.POSITIVE_INFINITY): JournalRecord | undefined {
    const [first] = this.#waiting;
    return first !== undefined && first.atMs <= untilMs ? this.#waiting.shift() : undefined;
  }
}
