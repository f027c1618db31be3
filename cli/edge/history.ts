import type { JournalRecord, RecordOf } from '../../journal/record.ts';
import { duration, requests, share } from '../../report/figures.ts';

/** One operation, from its beginning to its end. */
export interface HistoryEntry {
  readonly atMs: number;
  readonly actor: string;
  /** Such as "deploy to green", "switch", "rollback". */
  readonly what: string;
  /** The release concerned. */
  readonly release: string | undefined;
  readonly image?: string | undefined;
  readonly tookMs: number | undefined;
  readonly result: string;
}

/** The operations of a journal, oldest first. All records of one deploy are one entry. */
export function historyOf(journal: readonly JournalRecord[]): readonly HistoryEntry[] {
  return journal.flatMap((record) => {
    const entry = entryOf(record, journal);
    return entry === undefined ? [] : [{ atMs: record.atMs, actor: record.actor, ...entry }];
  });
}

function entryOf(
  record: JournalRecord,
  journal: readonly JournalRecord[],
): Omit<HistoryEntry, 'atMs' | 'actor'> | undefined {
  const plain = { release: undefined, tookMs: undefined };
  switch (record.kind) {
    case 'deploy-started':
      return {
        what: `deploy to ${record.pool}`,
        release: record.release,
        image: record.image,
        ...outcomeOf(record, journal),
      };
    case 'deploy-failed':
    case 'deploy-finished':
      return undefined;
    case 'switch': {
      // It is part of the deploy's entry.
      if (record.deploy !== undefined) return undefined;
      const what = record.reason === 'rollback' ? 'rollback' : 'switch';
      return { ...plain, what, release: record.release, result: `${record.from} → ${record.to}` };
    }
    case 'canary':
      if (record.deploy !== undefined) return undefined;
      return { ...plain, what: 'canary', release: record.release, result: canaryText(record) };
    case 'maintenance':
      return { ...plain, what: 'maintenance', result: record.on ? 'on' : 'off' };
    case 'mute':
      return { ...plain, what: 'mute', result: `for ${duration(record.untilMs - record.atMs)}` };
    case 'unmute':
      return { ...plain, what: 'unmute', result: '' };
    case 'alert-test':
      return { ...plain, what: 'test alert', result: '' };
    default:
      return record satisfies never;
  }
}

function outcomeOf(
  { deploy, pool }: RecordOf<'deploy-started'>,
  journal: readonly JournalRecord[],
): Pick<HistoryEntry, 'tookMs' | 'result'> {
  const later = journal.filter((record) => 'deploy' in record && record.deploy === deploy);
  const failed = later.find((record) => record.kind === 'deploy-failed');
  if (failed !== undefined) {
    const { tookMs, rolledBack, step, noWayBack } = failed;
    const why = failed.why.split('\n', 1)[0];
    if (noWayBack !== undefined) return { tookMs, result: `still active, failed at ${step}: ${why}; ${noWayBack}` };
    return { tookMs, result: `${rolledBack ? 'rolled back' : `failed at ${step}`}: ${why}` };
  }
  const finished = later.find((record) => record.kind === 'deploy-finished');
  const wasSwitched = later.some((record) => record.kind === 'switch' && record.to === pool);
  if (finished === undefined)
    return { tookMs: undefined, result: wasSwitched ? 'active, monitoring was not completed' : 'not finished' };
  if (!finished.switched) return { tookMs: finished.tookMs, result: `ready on ${pool}` };
  const { bake } = finished;
  const baked =
    bake === undefined
      ? ', not monitored'
      : `; ${requests(bake.requests)} in ${duration(bake.lastedMs)}, ${share(bake.failed, bake.requests)} failed`;
  return { tookMs: finished.tookMs, result: `active${baked}` };
}

function canaryText({ percent, pool, why }: RecordOf<'canary'>): string {
  const text = percent === 0 ? 'off' : `${percent}% → ${pool}`;
  return why === undefined ? text : `${text}: ${why}`;
}
