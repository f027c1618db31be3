import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JournalRecord } from '../journal/record.ts';
import { accessLine, reroutedLine } from '../test/access-lines.ts';
import { eventually } from '../test/condition.ts';
import { type FakeSlack, startFakeSlack } from '../test/fake-slack.ts';
import {
  canaryRecord,
  deployFinished,
  deployStarted,
  journalText,
  maintenanceRecord,
  muteRecord,
  switchRecord,
  unmuteRecord,
} from '../test/journal-records.ts';
import { WatcherProcess } from '../test/watcher-process.ts';

let slack: FakeSlack;
let watcher: WatcherProcess;

const headlines = () => slack.messages.map(({ text }) => text.split('\n')[0]);
const sent = (headline: string, deadlineMs?: number) =>
  slack.waitForMessage(({ text }) => text.startsWith(headline), deadlineMs);
const journalPath = () => join(watcher.controlDirectory, 'journal.jsonl');
const record = (...records: readonly JournalRecord[]) => appendFileSync(journalPath(), journalText(...records));
const checkpoint = () => readFileSync(join(watcher.stateDirectory, 'checkpoint.json'), 'utf8');
const deliveredOnDisk = () =>
  eventually('an empty outbox on disk', () => checkpoint().includes('"slack":{"entries":[]'));
const inCheckpoint = (words: string) => eventually(`${words} on disk`, () => checkpoint().includes(words));

/** Switches as the command line does: first the record, then the flag. */
function switchTo(pool: 'blue' | 'green', more: Parameters<typeof switchRecord>[2] = {}): void {
  record(switchRecord(pool, Date.now(), more));
  const flag = join(watcher.controlDirectory, 'active.green');
  if (pool === 'green') writeFileSync(flag, '');
  else rmSync(flag);
}

function mute(forMs: number): void {
  const sinceMs = Date.now();
  record(muteRecord(sinceMs + forMs, sinceMs));
  const path = join(watcher.controlDirectory, 'muted.json');
  writeFileSync(`${path}.new`, JSON.stringify({ sinceMs, untilMs: sinceMs + forMs, actor: 'alice' }));
  renameSync(`${path}.new`, path);
}

function unmute(): void {
  record(unmuteRecord(Date.now()));
  rmSync(join(watcher.controlDirectory, 'muted.json'));
}

async function start(env: NodeJS.ProcessEnv = {}): Promise<void> {
  watcher = await WatcherProcess.start({ SLACK_WEBHOOK_URL: slack.url, ...env });
}

beforeEach(async () => {
  slack = await startFakeSlack({ unlimited: true });
});

afterEach(async () => {
  await watcher.close();
  await slack.close();
});

describe('an operation', () => {
  it('that switches is sent once, and says who made the switch', async () => {
    await start();
    watcher.log(accessLine({ startMs: Date.now() - 2_000 }));
    await watcher.until('one line', ({ log }) => log.lines === 1);
    switchTo('green');
    watcher.log(...Array.from({ length: 20 }, () => accessLine({ active: 'green' })));
    await sent('Planned switch: blue → green');
    expect(JSON.stringify(slack.messages[0]?.body)).toContain('*By*\\n`alice`');
    await delay(2_500);
    expect(headlines()).toHaveLength(1);
  });

  it('that switches is sent for each of many switches, even if a request follows right after the record', async () => {
    await start();
    watcher.log(accessLine({ startMs: Date.now() - 2_000 }));
    await watcher.until('one line', ({ log }) => log.lines === 1);
    for (let round = 0; round < 5; round++) {
      for (const active of ['green', 'blue'] as const) {
        switchTo(active, { reason: 'rollback', actor: `operator-${round}` });
        watcher.log(accessLine({ active }));
        await delay(150);
      }
    }
    await slack.waitFor(() => slack.messages.length >= 10, 20_000);
    expect(headlines()).toEqual(
      Array.from({ length: 10 }, (_, at) =>
        at % 2
          ? 'Rolled back by hand: green → blue (blue-release-1.0.0)'
          : 'Rolled back by hand: blue → green (green-release-1.0.0)',
      ),
    );
  });

  it('that deploys is sent from beginning to end, even without visitors', async () => {
    await start();
    record(deployStarted(Date.now()));
    writeFileSync(join(watcher.controlDirectory, 'green.down'), '{"cause":"refused"}');
    await sent('Deploy started: v2 → green');
    expect(await watcher.until('a deploy', ({ deploy }) => deploy !== null)).toMatchObject({
      deploy: { id: 'd-7', pool: 'green', release: 'v2' },
    });
    await delay(5_500);
    rmSync(join(watcher.controlDirectory, 'green.down'));
    switchTo('green', { reason: 'deploy', deploy: 'd-7', release: 'v2' });
    await sent('Deployed: blue → green (v2)');
    record(deployFinished(Date.now()));
    await sent('Deploy finished, not monitored: v2');
    expect(headlines()).toHaveLength(3);
    const incidents = slack.messages.map(({ body }) => /incident `([^`]+)`/.exec(JSON.stringify(body))?.[1]);
    expect(new Set(incidents)).toEqual(new Set(['d-7']));
    expect((await watcher.health()).health.deploy).toBeNull();
  });

  it('from before the first start is not sent, but an open deploy is known', async () => {
    watcher = await WatcherProcess.prepare({ SLACK_WEBHOOK_URL: slack.url });
    record(canaryRecord(5, Date.now() - 60_000), deployStarted(Date.now() - 1_000));
    watcher.launch();
    await watcher.until('the deploy', ({ deploy }) => deploy?.id === 'd-7');
    record(maintenanceRecord(true, Date.now()));
    await sent('Maintenance on');
    record(maintenanceRecord(false, Date.now()));
    await sent('Maintenance off after');
    expect(headlines()).toHaveLength(2);
  });

  it('is sent once although the watcher is killed, and so are operations from meanwhile', async () => {
    await start();
    watcher.log(accessLine({ startMs: Date.now() - 10_000 }));
    record(canaryRecord(5, Date.now()));
    await sent('Canary: 5% of visitors → green (v2)');
    await deliveredOnDisk();
    await watcher.kill();
    switchTo('green', { reason: 'deploy', deploy: 'd-8', release: 'v3' });
    watcher.log(accessLine({ active: 'green' }));
    await delay(20);
    record(canaryRecord(0, Date.now()));
    await watcher.again();
    await sent('Deployed: blue → green (v3)');
    await sent('Canary off');
    await deliveredOnDisk();
    await watcher.kill();
    await watcher.again();
    await watcher.until('the journal to be read', ({ log }) => log.lines === 2);
    await delay(500);
    expect(headlines()).toEqual([
      'Canary: 5% of visitors → green (v2)',
      'Deployed: blue → green (v3)',
      'Canary off: green (v2)',
    ]);
  });

  it('shows in the counters of each pool', async () => {
    await start({ BLUE_ADDRESS: '127.0.0.1:3001', GREEN_ADDRESS: '127.0.0.1:3002' });
    watcher.log(
      accessLine({ upstreamAddr: '127.0.0.1:3001' }),
      accessLine({ upstreamAddr: '127.0.0.1:3002', route: 'canary', pool: 'green', status: 500 }),
      accessLine({ upstreamAddr: '127.0.0.1:3002', route: 'preview', pool: 'green' }),
    );
    const health = await watcher.until('three lines', ({ log }) => log.lines === 3);
    expect(health.log.previews).toBe(1);
    const counters = await watcher.counters();
    expect(counters).toMatchObject({
      lagBytes: 0,
      active: 'blue',
      down: { blue: false, green: false },
      pools: { blue: { requests: 1, failed: 0 }, green: { requests: 1, failed: 1 } },
    });
    expect(counters.nowMs).toBeGreaterThan(counters.startedAtMs);
  });
});

describe('a mute', () => {
  it('and its end are sent once each, even if the watcher is killed', async () => {
    await start();
    watcher.log(accessLine({ startMs: Date.now() - 5_000 }));
    await watcher.until('one line', ({ log }) => log.lines === 1);
    mute(60_000);
    await sent('Alerts muted until');
    expect(await watcher.metrics()).toContain('\nbluegreen_alerts_muted 1\n');
    watcher.log(reroutedLine({ startMs: Date.now() - 2_000 }));
    await inCheckpoint('failed over to green');
    await deliveredOnDisk();
    await watcher.kill();
    watcher.log(accessLine({ startMs: Date.now() - 500 }));
    await watcher.again();
    expect(await watcher.until('two lines', ({ log }) => log.lines === 3)).toMatchObject({ muted: { actor: 'alice' } });
    unmute();
    await sent('Alerts are on again; muted');
    expect(headlines()).toHaveLength(2);
    expect(headlines()[1]).toMatch(/: failed over to green at \d\d:\d\d, recovered to blue at \d\d:\d\d$/);
    await deliveredOnDisk();
    await watcher.kill();
    await watcher.again();
    await watcher.until('three lines', ({ log }) => log.lines === 3);
    await delay(500);
    expect(headlines()).toHaveLength(2);
  });

  it('ends although its file was removed while the watcher was not running', async () => {
    await start();
    watcher.log(accessLine({ startMs: Date.now() - 5_000 }));
    mute(60_000);
    await sent('Alerts muted until');
    await watcher.until('one line', ({ log }) => log.lines === 1);
    await deliveredOnDisk();
    await watcher.kill();
    watcher.log(reroutedLine());
    rmSync(join(watcher.controlDirectory, 'muted.json'));
    await watcher.again();
    await sent('Alerts are on again; muted');
    await sent('Failover detected: blue → green');
    expect(headlines()).toHaveLength(3);
  });

  it('does not begin with an invalid file, which is logged once', async () => {
    await start();
    writeFileSync(join(watcher.controlDirectory, 'muted.json'), '{"untilMs":"tomorrow"}');
    await watcher.waitForOutput(/muted.json is ignored/);
    watcher.log(reroutedLine());
    await sent('Failover detected');
    expect(watcher.output.match(/muted.json is ignored/g)).toHaveLength(1);
  });
});

describe('an invalid journal', () => {
  it.each<[string, () => void]>([
    ['garbage', () => appendFileSync(journalPath(), '\0\0\n{}\nnull\n"x"\n{"kind":"switch","from":'.repeat(50))],
    ['10 MB without a newline', () => writeFileSync(journalPath(), Buffer.alloc(10_000_000, 'x'))],
    ['a pipe', () => execFileSync('mkfifo', [journalPath()])],
    ['a directory', () => mkdirSync(journalPath())],
  ])('does no harm: %s', async (_, spoil) => {
    await start();
    spoil();
    await delay(200);
    watcher.log(reroutedLine());
    await sent('Failover detected');
    rmSync(journalPath(), { recursive: true });
    record(maintenanceRecord(true, Date.now()));
    await sent('Maintenance on');
    expect((await watcher.health()).health.status).toBe('ok');
    expect(headlines()).toHaveLength(2);
  });
});
