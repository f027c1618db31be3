import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JournalRecord } from '../journal/record.ts';
import { accessLine, type LineFields, reroutedLine } from '../test/access-lines.ts';
import { noon } from '../test/decisions.ts';
import {
  canaryRecord,
  deployFinished,
  journalText,
  muteRecord,
  switchRecord,
  unmuteRecord,
} from '../test/journal-records.ts';
import type { Alert } from './alerts/alert.ts';
import { restoreState } from './checkpoint/restore.ts';
import { ControlDirectory } from './control/flags.ts';
import { newState, type Policy, type WatchSnapshot } from './rules/state.ts';
import { Watch } from './watch.ts';

const policy: Policy = { windowSize: 200, thresholdPercent: 2, cooldownMs: 300_000, maintenance: false };
const ignore = () => {};

let directory: string;
let sent: Alert[];

const record = (...records: readonly JournalRecord[]) =>
  appendFileSync(join(directory, 'journal.jsonl'), journalText(...records));

function watchOn(saved?: WatchSnapshot): Watch {
  const listener = { send: (alert: Alert) => sent.push(alert), hold: ignore, fault: ignore };
  return new Watch(policy, new ControlDirectory(directory, saved?.state.flags), listener, saved);
}

function take(watch: Watch, ...lines: readonly string[]): void {
  for (const line of lines) watch.line(Buffer.from(line, 'latin1'), 0, line.length);
}

const served = (startMs: number, fields?: LineFields) => accessLine({ startMs: noon + startMs, ...fields });

/** The saved state of a watch that was killed after it had read lines with blue active. */
function killed(...lines: readonly string[]): WatchSnapshot {
  const watch = watchOn();
  watch.beforeLines(noon);
  take(watch, served(0), ...lines);
  return JSON.parse(JSON.stringify(watch.snapshot()));
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'control-'));
  sent = [];
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('an operation while the watcher was not running', () => {
  it("is applied in the log's order, so that each switch is explained", () => {
    const saved = killed();
    record(
      switchRecord('green', noon + 10_000, { reason: 'deploy', deploy: 'd-1' }),
      switchRecord('blue', noon + 20_000, { reason: 'bake', deploy: 'd-1' }),
      switchRecord('green', noon + 30_000, { reason: 'rollback' }),
    );
    const watch = watchOn(saved);
    watch.beforeLines(noon + 60_000);
    const green = { active: 'green' } as const;
    take(watch, served(5_000), served(10_100, green), served(20_100), served(30_100, green));
    watch.goLive(noon + 60_000);
    expect(sent.map((alert) => alert.kind === 'switch' && [alert.operation?.reason, alert.atMs - noon])).toEqual([
      ['deploy', 10_100],
      ['bake', 20_100],
      ['rollback', 30_100],
    ]);
  });

  it('is sent at the end of the replay if there were no visitors, as the flags show it', () => {
    const saved = killed();
    record(switchRecord('green', noon + 10_000, { reason: 'deploy', deploy: 'd-7' }), canaryRecord(0, noon + 40_000));
    writeFileSync(join(directory, 'active.green'), '');
    const watch = watchOn(saved);
    watch.beforeLines(noon + 60_000);
    expect(sent).toEqual([]);
    watch.goLive(noon + 60_000);
    expect(sent.map(({ kind }) => kind)).toEqual(['canary', 'switch']);
    expect(watch.lastKnownMs).toBe(noon + 40_000);
    watch.beforeLines(noon + 70_000);
    expect(sent).toHaveLength(2);
  });

  it('is not applied twice if the watcher is killed again', () => {
    const saved = killed();
    record(deployFinished(noon + 10_000), deployFinished(noon + 20_000));
    const first = watchOn(saved);
    first.beforeLines(noon + 60_000);
    take(first, served(15_000));
    const second = watchOn(JSON.parse(JSON.stringify(first.snapshot())));
    second.beforeLines(noon + 61_000);
    take(second, served(25_000));
    expect(sent.map(({ atMs }) => atMs - noon)).toEqual([10_000, 20_000]);
  });

  it('may be a mute, which holds back what happened during it and nothing else', () => {
    const saved = killed();
    record(muteRecord(noon + 600_000, noon + 100_000), unmuteRecord(noon + 200_000));
    const watch = watchOn(saved);
    watch.beforeLines(noon + 900_000);
    const rerouted = (startMs: number) => reroutedLine({ startMs: noon + startMs });
    take(watch, rerouted(50_000), served(60_000), rerouted(150_000), served(160_000), rerouted(700_000));
    watch.goLive(noon + 900_000);
    watch.beforeLines(noon + 900_000);
    expect(sent.map(({ kind }) => kind)).toEqual(['failover', 'recovery', 'muted', 'unmuted', 'failover']);
    expect(sent[3]).toMatchObject({ events: [{ what: 'failed over to green' }, { what: 'recovered to blue' }] });
  });
});

describe('the state of an earlier version', () => {
  it('is restored, and earlier records in the journal cause no alert', () => {
    const { operations: _, mute: __, journal: ___, ...older } = newState(policy);
    record(deployFinished(noon));
    const saved = killed();
    const watch = watchOn({ ...saved, state: restoreState(JSON.parse(JSON.stringify(older)), policy) });
    watch.beforeLines(noon + 1_000);
    take(watch, served(1_000));
    watch.goLive(noon + 2_000);
    watch.beforeLines(noon + 2_000);
    expect(sent).toEqual([]);
    record(deployFinished(noon + 3_000));
    watch.beforeLines(noon + 3_000);
    expect(sent).toMatchObject([{ kind: 'deploy-finished' }]);
  });
});

describe('a request that the edge sent directly to the standby', () => {
  const downFlag = () => join(directory, 'blue.down');
  const diverted = () => accessLine({ startMs: noon + 1_000, pool: 'green', active: 'blue' });

  it.each([
    ['is set', () => {}],
    ['gets its content', () => writeFileSync(downFlag(), '')],
  ])('has the cause of a flag that %s after the flags were read, and before the line was', (_, before) => {
    const watch = watchOn();
    take(watch, served(0));
    before();
    watch.beforeLines(noon);
    writeFileSync(downFlag(), '{"since":1,"cause":"status 500"}');
    take(watch, diverted());
    expect(sent).toMatchObject([{ kind: 'failover', cause: 'health check: status 500' }]);
  });
});
