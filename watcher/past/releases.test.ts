import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { JournalRecord } from '../../journal/record.ts';
import { accessLine, type LineFields } from '../../test/access-lines.ts';
import { deployFailed, deployFinished, deployStarted, journalText, switchRecord } from '../../test/journal-records.ts';
import { parseLine } from '../request/parse.ts';
import { Releases } from './releases.ts';

const noon = Date.UTC(2025, 10, 23, 12);
const minuteMs = 60_000;
let directory: string;
let releases: Releases;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'releases-'));
  releases = new Releases(directory);
});

afterEach(() => rmSync(directory, { recursive: true }));

function see(atMs: number, release: string, fields: LineFields = {}): void {
  const event = parseLine(accessLine({ release, startMs: atMs - 5, ...fields }));
  if (typeof event === 'string') throw new Error(event);
  releases.see(event);
}

function journal(...records: readonly JournalRecord[]): void {
  writeFileSync(join(directory, 'journal.jsonl'), journalText(...records));
  releases.look();
}

const reports = () => releases.reports().map(({ pool, release, what }) => `${pool} ${release}: ${what}`);

it('reports a release in the log once, even if two releases answer for a moment', () => {
  for (const [index, release] of ['v1', 'v1', 'v2', 'v1', 'v2', 'v2'].entries()) see(noon + index, release);
  expect(reports()).toEqual(['blue v2: first seen in the log', 'blue v1: first seen in the log']);
  see(noon + 5 * minuteMs, 'v1');
  expect(reports()).toHaveLength(3);
  expect(releases.runs('blue')).toEqual({ release: 'v1', sinceMs: noon + 5 * minuteMs });
  expect(releases.runs('green')).toBeNull();
});

it('reports a deploy as one entry, and the release of each pool after it', () => {
  see(noon, 'v1');
  journal(deployStarted(noon + 1, { release: 'v2', activeRelease: 'v1', replaces: 'v0' }));
  expect(reports()[0]).toBe('green v2: deploy started');
  see(noon + minuteMs, 'v2', { active: 'green' });
  journal(
    deployStarted(noon + 1, { release: 'v2', activeRelease: 'v1' }),
    switchRecord('green', noon + minuteMs, { reason: 'deploy', deploy: 'd-7', release: 'v2', replaced: 'v1' }),
    deployFinished(noon + 2 * minuteMs, { release: 'v2' }),
  );
  expect(reports()).toEqual(['green v2: live, deployed in 1 min 1 s', 'blue v1: first seen in the log']);
  expect([releases.runs('green')?.release, releases.runs('blue')?.release]).toEqual(['v2', 'v1']);
});

it('reports a deploy that failed, and the restored release', () => {
  journal(deployStarted(noon, { release: 'v2' }), deployFailed(noon + minuteMs, { release: 'v2', restored: 'v0' }));
  expect(reports()).toEqual(['green v2: deploy failed at health']);
  expect(releases.runs('green')).toEqual({ release: 'v0', sinceMs: noon + minuteMs });
});

it('keeps a bounded number of releases, whatever an app reports', () => {
  for (let index = 0; index < 1_000; index++) see(noon + index * minuteMs, `v${index}`);
  expect(reports()).toHaveLength(20);
  expect(reports()[0]).toBe('blue v999: first seen in the log');
  expect(releases.snapshot()).toHaveLength(20);
});
