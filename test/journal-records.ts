import type { JournalRecord, RecordOf } from '../journal/record.ts';
import { otherPool, type Pool } from '../settings/pool.ts';

// Journal records as the commands write them. `more` sets the fields that matter to a test.

let written = 0;

function base(atMs: number) {
  written++;
  return { id: `r-${written}`, atMs, actor: 'alice' };
}

export function switchRecord(to: Pool, atMs: number, more: Partial<RecordOf<'switch'>> = {}): RecordOf<'switch'> {
  return { ...base(atMs), kind: 'switch', from: otherPool(to), to, reason: 'switch', ...more };
}

const deploy = { deploy: 'd-7', pool: 'green', release: 'v2' } as const;

export function deployStarted(
  atMs: number,
  more: Partial<RecordOf<'deploy-started'>> = {},
): RecordOf<'deploy-started'> {
  return { ...base(atMs), kind: 'deploy-started', ...deploy, untilMs: atMs + 120_000, ...more };
}

export function deployFailed(atMs: number, more: Partial<RecordOf<'deploy-failed'>> = {}): RecordOf<'deploy-failed'> {
  const ended = { step: 'health', why: 'it answers 500', rolledBack: false, wasUsed: false, tookMs: 41_000 };
  return { ...base(atMs), kind: 'deploy-failed', ...deploy, ...ended, ...more };
}

export function deployFinished(
  atMs: number,
  more: Partial<RecordOf<'deploy-finished'>> = {},
): RecordOf<'deploy-finished'> {
  return { ...base(atMs), kind: 'deploy-finished', ...deploy, switched: true, tookMs: 61_000, ...more };
}

export function canaryRecord(
  percent: number,
  atMs: number,
  more: Partial<RecordOf<'canary'>> = {},
): RecordOf<'canary'> {
  return { ...base(atMs), kind: 'canary', percent, pool: 'green', release: 'v2', ...more };
}

export function maintenanceRecord(on: boolean, atMs: number): RecordOf<'maintenance'> {
  return { ...base(atMs), kind: 'maintenance', on };
}

export function muteRecord(untilMs: number, atMs: number): RecordOf<'mute'> {
  return { ...base(atMs), kind: 'mute', untilMs };
}

export function unmuteRecord(atMs: number): RecordOf<'unmute'> {
  return { ...base(atMs), kind: 'unmute' };
}

export function alertTestRecord(atMs: number, test = 't-7'): RecordOf<'alert-test'> {
  return { ...base(atMs), kind: 'alert-test', test };
}

/** The records as lines of the journal. */
export function journalText(...records: readonly JournalRecord[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join('');
}
