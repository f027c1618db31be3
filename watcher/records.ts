import type { JournalRecord } from '../journal/record.ts';
import { historyOf, Journal, type SeenRecord } from './journal.ts';

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
  begin(nowMs: number): { readonly history: readonly JournalRecord[]; readonly seen: SeenRecord } {
    const history = historyOf(this.#directory);
    const last = history.at(-1);
    const seen = last === undefined ? { id: '', atMs: nowMs } : { id: last.id, atMs: last.atMs };
    this.#journal = new Journal(this.#directory, seen);
    return { history, seen };
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
