import type { JournalRecord, RecordOf } from '../../journal/record.ts';
import type { ReleaseReport } from '../../report/dashboard.ts';
import { duration } from '../../report/figures.ts';
import type { Pool } from '../../settings/pool.ts';
import { Journal } from '../control/journal.ts';
import type { AccessEvent } from '../request/event.ts';

const maxReports = 20;
const maxSeen = 20;
const maxChars = 200;
/** While a deploy replaces the release of a pool, both releases answer for a moment. */
const mixedForMs = 60_000;
/** A release serves before its deploy has ended. */
const recordedWithinMs = 15 * 60_000;

/** A release that answered, according to the log. Plain JSON. */
export interface SeenRelease {
  readonly pool: Pool;
  readonly release: string;
  readonly fromMs: number;
}

/** The release that a pool runs, and since when. */
export interface Runs {
  readonly release: string;
  readonly sinceMs: number;
}

/** The history of releases, from the log and from the journal. */
export class Releases {
  readonly #journal: Journal;
  #records: readonly JournalRecord[] = [];
  #seen: SeenRelease[] = [];
  #last: { blue: string | undefined; green: string | undefined } = { blue: undefined, green: undefined };
  #version = 0;

  constructor(controlDirectory: string) {
    this.#journal = new Journal(controlDirectory, { id: '', atMs: Number.NEGATIVE_INFINITY });
  }

  /** Increases with every change. */
  get version(): number {
    return this.#version;
  }

  /** Runs for every line of the log. */
  readonly see = ({ pool, release, endMs }: AccessEvent): void => {
    if (pool === undefined || release === undefined || this.#last[pool] === release) return;
    this.#last[pool] = release;
    this.#changed(pool, release.slice(0, maxChars), endMs);
  };

  /** Reads the journal if it has changed. */
  look(): void {
    const fresh = this.#journal.read();
    if (fresh.length === 0) return;
    this.#records = [...this.#records, ...fresh].slice(-10 * maxReports);
    this.#version++;
  }

  /** The release that a pool runs now; null if it is not known. */
  runs(pool: Pool): Runs | null {
    const recorded = this.#records.flatMap((record) => runsAfter(record, pool)).at(-1);
    const seen = this.#seen.findLast((one) => one.pool === pool);
    if (
      seen === undefined ||
      (recorded !== undefined && recorded.sinceMs > seen.fromMs && recorded.release !== seen.release)
    ) {
      return recorded ?? null;
    }
    return { release: seen.release, sinceMs: seen.fromMs };
  }

  /** Newest first. A deploy that has ended is one entry. */
  reports(): readonly ReleaseReport[] {
    const ended = new Set(this.#records.flatMap((record) => (isEnd(record) ? [record.deploy] : [])));
    const recorded = this.#records.filter((record) => isEnd(record) || !ended.has(deployOf(record))).flatMap(reportOf);
    const seen = this.#seen
      .filter((one) => !isRecorded(recorded, one))
      .map(({ pool, release, fromMs }) => ({
        atMs: fromMs,
        pool,
        what: 'first seen in the log',
        tone: 'neutral' as const,
        release,
        actor: null,
      }));
    return [...recorded, ...seen].toSorted((one, other) => other.atMs - one.atMs).slice(0, maxReports);
  }

  snapshot(): readonly SeenRelease[] {
    return this.#seen;
  }

  restore(seen: readonly SeenRelease[]): void {
    this.#seen = seen.slice(-maxSeen);
    for (const { pool, release } of this.#seen) this.#last[pool] = release;
    this.#version++;
  }

  #changed(pool: Pool, release: string, endMs: number): void {
    const recent = this.#seen.find(
      (seen) => seen.pool === pool && seen.release === release && endMs - this.#endOf(seen, endMs) < mixedForMs,
    );
    if (recent !== undefined) return;
    this.#seen = [...this.#seen, { pool, release, fromMs: endMs }].slice(-maxSeen);
    this.#version++;
  }

  /** When another release of the pool followed it; `nowMs` if none did. */
  #endOf({ pool, fromMs }: SeenRelease, nowMs: number): number {
    return this.#seen.find((one) => one.pool === pool && one.fromMs > fromMs)?.fromMs ?? nowMs;
  }
}

/** The release that a pool runs after a record, as far as the record says. */
function runsAfter(record: JournalRecord, pool: Pool): Runs[] {
  switch (record.kind) {
    case 'deploy-finished':
      return record.pool === pool ? [{ release: record.release, sinceMs: record.atMs }] : [];
    case 'deploy-failed':
      return record.pool === pool && record.restored !== undefined
        ? [{ release: record.restored, sinceMs: record.atMs }]
        : [];
    case 'deploy-started':
      return record.pool !== pool && record.activeRelease !== undefined
        ? [{ release: record.activeRelease, sinceMs: record.atMs }]
        : [];
    case 'switch': {
      const release = record.to === pool ? record.release : record.replaced;
      return release === undefined ? [] : [{ release, sinceMs: record.atMs }];
    }
    default:
      return [];
  }
}

function reportOf(record: JournalRecord): ReleaseReport[] {
  const { atMs, actor } = record;
  switch (record.kind) {
    case 'deploy-started':
      return [{ atMs, actor, pool: record.pool, release: record.release, what: 'deploy started', tone: 'neutral' }];
    case 'deploy-failed': {
      const what = `deploy failed at ${record.step}${record.rolledBack ? ', rolled back' : ''}`;
      return [{ atMs, actor, pool: record.pool, release: record.release, what, tone: 'bad' }];
    }
    case 'deploy-finished': {
      const what = `${record.switched ? 'live' : 'ready, waits'}, deployed in ${duration(record.tookMs)}`;
      return [{ atMs, actor, pool: record.pool, release: record.release, what, tone: 'good' }];
    }
    case 'switch': {
      const what = {
        switch: 'switched to',
        deploy: 'switched to by a deploy',
        rollback: 'rolled back to',
        bake: 'rolled back automatically to',
      };
      const tone = record.reason === 'bake' ? 'bad' : record.reason === 'rollback' ? 'warning' : 'neutral';
      return [{ atMs, actor, pool: record.to, release: record.release ?? null, what: what[record.reason], tone }];
    }
    case 'canary': {
      const what = record.percent === 0 ? 'canary off' : `canary, ${record.percent}% of visitors`;
      return [{ atMs, actor, pool: record.pool, release: record.release ?? null, what, tone: 'neutral' }];
    }
    case 'maintenance':
    case 'mute':
    case 'unmute':
    case 'alert-test':
      return [];
    default:
      return record satisfies never;
  }
}

/** Whether the journal says that the pool runs this release, from before or soon after it was seen in the log. */
function isRecorded(recorded: readonly ReleaseReport[], { pool, release, fromMs }: SeenRelease): boolean {
  const last = recorded.findLast(
    (one) => one.pool === pool && one.release !== null && one.atMs < fromMs + recordedWithinMs,
  );
  return last?.release === release;
}

function isEnd(record: JournalRecord): record is RecordOf<'deploy-failed' | 'deploy-finished'> {
  return record.kind === 'deploy-failed' || record.kind === 'deploy-finished';
}

function deployOf(record: JournalRecord): string {
  return 'deploy' in record ? (record.deploy ?? '') : '';
}
