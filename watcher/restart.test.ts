import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accessLine, reroutedLine } from '../test/access-lines.ts';
import { eventually } from '../test/condition.ts';
import { type FakeSlack, startFakeSlack } from '../test/fake-slack.ts';
import { needsMount } from '../test/privileges.ts';
import { Scrape } from '../test/scrape.ts';
import { WatcherProcess } from '../test/watcher-process.ts';

let slack: FakeSlack;
let watcher: WatcherProcess;

async function start(env: NodeJS.ProcessEnv = {}): Promise<void> {
  watcher = await WatcherProcess.start({ SLACK_WEBHOOK_URL: slack.url, ...env });
}

const headlines = () => slack.messages.map(({ text }) => text.split('\n')[0]);
const sent = (headline: string) => slack.waitForMessage(({ text }) => text.startsWith(headline));
const checkpointPath = () => join(watcher.stateDirectory, 'checkpoint.json');

/** The watcher's health once it has read this many lines. */
async function counted(lines: number) {
  return await eventually(`${lines} lines`, async () => {
    const { health } = await watcher.health();
    return health.log.lines === lines ? health : undefined;
  });
}

async function onDisk(lines: number): Promise<void> {
  await eventually(`${lines} lines on disk`, () =>
    readFileSync(checkpointPath(), 'utf8').includes(`"lines":${lines},`),
  );
}

/** Waits until no queued alert is left on disk: a crash after that repeats nothing. */
async function deliveredOnDisk(): Promise<void> {
  await eventually('an empty outbox on disk', () =>
    readFileSync(checkpointPath(), 'utf8').includes('"slack":{"entries":[]'),
  );
}

const plain = (count: number) => Array.from({ length: count }, () => accessLine());
const failoverWords = 'Failover detected: blue → green (to standby)';
const recoveryWords = 'Recovery detected: back to blue (active)';

beforeEach(async () => {
  slack = await startFakeSlack();
});

afterEach(async () => {
  await watcher.close();
  await slack.close();
});

describe('a watcher that was killed', () => {
  it('continues where it was: one failover, one recovery, every line once', async () => {
    await start();
    watcher.log(...plain(10), reroutedLine());
    await sent(failoverWords);
    await deliveredOnDisk();
    await watcher.kill();
    watcher.log(accessLine({ pool: 'green', active: 'blue' }));
    await watcher.again();
    expect(await counted(12)).toMatchObject({
      openIncidents: [{ kind: 'failover' }],
      window: { samples: 12, failed: 1 },
    });
    watcher.log(accessLine());
    await sent(recoveryWords);
    expect(headlines()).toEqual([failoverWords, recoveryWords]);
    const incidents = slack.messages.map(({ body }) => /incident `([\d-]+)`/.exec(JSON.stringify(body))?.[1]);
    expect(new Set(incidents).size).toBe(1);
  });

  it('delivers once what Slack had not accepted', async () => {
    await start();
    slack.answer('hang');
    watcher.log(reroutedLine());
    await slack.waitFor(() => slack.requests === 1);
    await watcher.kill();
    slack.answer('ok');
    await watcher.again();
    await sent(failoverWords);
    await onDisk(1);
    await deliveredOnDisk();
    await watcher.kill();
    await watcher.again();
    await counted(1);
    expect(headlines()).toEqual([failoverWords]);
  });

  it('has an alert on disk before it sends it', async () => {
    await start();
    slack.answer('hang');
    watcher.log(reroutedLine());
    await slack.waitFor(() => slack.requests === 1);
    expect(readFileSync(checkpointPath(), 'utf8')).toMatch(
      /"outboxes":.*"slack":\{"entries":\[\{"alert":\{"kind":"failover"/,
    );
  });

  it('continues the cooldown', async () => {
    await start();
    const at = (seconds: number) => ({ startMs: Date.now() - 50_000 + seconds * 1_000 });
    watcher.log(accessLine(at(0)), reroutedLine(at(1)), accessLine(at(2)));
    await sent('Failover');
    await onDisk(3);
    await deliveredOnDisk();
    await watcher.kill();
    await watcher.again();
    watcher.log(reroutedLine(at(10)), accessLine(at(11)), accessLine({ active: 'green', ...at(12) }));
    await sent('Unexplained switch');
    expect(headlines().filter((text) => text?.includes('Failover'))).toHaveLength(1);
  });

  it.each<[string, () => void]>([
    [
      'rotated twice',
      () => {
        watcher.log(...plain(5));
        renameSync(watcher.logPath, `${watcher.logPath}.1`);
        watcher.log(...plain(5));
        renameSync(`${watcher.logPath}.1`, `${watcher.logPath}.2`);
        renameSync(watcher.logPath, `${watcher.logPath}.1`);
        watcher.log(...plain(5));
      },
    ],
    [
      'copied and truncated',
      () => {
        watcher.log(...plain(5));
        copyFileSync(watcher.logPath, `${watcher.logPath}.1`);
        truncateSync(watcher.logPath);
        watcher.log(...plain(10));
      },
    ],
    [
      'truncated and grown past the last position',
      () => {
        truncateSync(watcher.logPath);
        watcher.log(...plain(15));
      },
    ],
    [
      'deleted and created again',
      () => {
        rmSync(watcher.logPath);
        watcher.log(...plain(15));
      },
    ],
  ])('reads every line once if its log was %s meanwhile', async (_, whileDown) => {
    await start();
    watcher.log(...plain(10));
    await counted(10);
    await onDisk(10);
    await watcher.kill();
    whileDown();
    await watcher.again();
    expect(await counted(25)).toMatchObject({ status: 'ok', window: { samples: 25, failed: 0 } });
  });

  it('says that lines may be lost if its log was cut meanwhile and has grown past the last position', async () => {
    await start();
    watcher.log(...plain(10));
    await onDisk(10);
    await watcher.kill();
    truncateSync(watcher.logPath, (statSync(watcher.logPath).size / 10) * 4);
    watcher.log(...plain(20));
    await watcher.again();
    await watcher.waitForOutput(/the access log was cut before the reading position/);
    expect(await counted(10 + 14)).toMatchObject({ log: { gaps: 1 } });
  });

  it("summarizes a long absence in one message, by the log's time", async () => {
    const hourAgo = Date.now() - 3_600_000;
    const at = (minutes: number) => ({ startMs: hourAgo + minutes * 60_000 });
    await start();
    watcher.log(accessLine(at(0)));
    await counted(1);
    await onDisk(1);
    watcher.signal('SIGTERM');
    await watcher.exitCode();
    // The watcher has been away for an hour: its last checkpoint is an hour old.
    rewindCheckpoint(hourAgo);
    watcher.log(
      reroutedLine(at(3)),
      accessLine(at(18)),
      reroutedLine(at(40)),
      accessLine({ active: 'green', ...at(45) }),
    );
    await watcher.again();
    await sent('While the watcher was away');
    const clock = (minutes: number) => new Date(hourAgo + minutes * 60_000).toISOString().slice(11, 16);
    expect(slack.messages[0]?.text).toContain(`failed over to green at ${clock(3)}`);
    await counted(5);
    const metrics = new Scrape(await watcher.metrics());
    for (const [kind, count] of Object.entries({ away: 1, failover: 0, recovery: 0 })) {
      expect(metrics.value(`bluegreen_alerts_total{kind="${kind}",result="sent"}`), kind).toBe(count);
    }
    watcher.log(reroutedLine({ active: 'green' }));
    await sent('Failover detected: green → blue');
    expect(headlines()).toHaveLength(2);
  });

  it('sends once what is still open after a long absence', async () => {
    const hourAgo = Date.now() - 3_600_000;
    await start();
    watcher.log(accessLine({ startMs: hourAgo }));
    await onDisk(1);
    watcher.signal('SIGTERM');
    await watcher.exitCode();
    rewindCheckpoint(hourAgo);
    watcher.log(reroutedLine({ startMs: hourAgo + 600_000 }));
    await watcher.again();
    await sent(failoverWords);
    await sent('While the watcher was away');
    expect(slack.messages[0]?.text).toContain('Still open: failed over to green');
    await deliveredOnDisk();
    await watcher.kill();
    await watcher.again();
    await counted(2);
    expect(headlines()).toHaveLength(2);
  });

  /** Makes the last checkpoint look as if it had been written at that time. */
  function rewindCheckpoint(savedMs: number): void {
    const [, body = ''] = readFileSync(checkpointPath(), 'utf8').split('\n');
    const rewound = JSON.parse(body);
    rewound.progress.savedMs = savedMs;
    rewound.progress.watch.lastTickMs = savedMs;
    const script = `import { encode } from '${new URL('./checkpoint/checkpoint-file.ts', import.meta.url).pathname}';
      import { readFileSync, writeFileSync } from 'node:fs';
      writeFileSync(process.argv[1], encode(JSON.parse(readFileSync(0, 'utf8'))));`;
    execFileSync(process.execPath, ['--input-type=module', '-e', script, checkpointPath()], {
      input: JSON.stringify(rewound),
    });
  }
});

describe('a checkpoint that cannot be used', () => {
  it.each<[string, Buffer | string]>([
    ['NUL bytes', Buffer.alloc(4_096)],
    ['nothing', ''],
    ['noise', 'x'.repeat(5_000)],
  ])('of %s means a start at the end of the log, and a warning', async (_, content) => {
    await start();
    watcher.log(reroutedLine());
    await sent(failoverWords);
    await watcher.kill();
    writeFileSync(checkpointPath(), content);
    await watcher.again();
    await watcher.waitForOutput(/cannot use the checkpoint: starting at the end/);
    expect(readFileSync(`${checkpointPath()}.corrupt`)).toEqual(Buffer.from(content));
    watcher.log(accessLine());
    expect(await counted(1)).toMatchObject({ status: 'ok', checkpoint: { state: 'ok' } });
    expect(headlines()).toHaveLength(1);
  });

  it('that cannot be written holds back no alert, and degrades the health', async () => {
    watcher = await WatcherProcess.spawn({ SLACK_WEBHOOK_URL: slack.url, STATE_DIR: '/proc/self/nowhere' });
    await watcher.waitForOutput(/the checkpoint cannot be written/);
    watcher.log(reroutedLine());
    await sent(failoverWords);
    const { httpStatus, health } = await watcher.health();
    expect([httpStatus, health.status, health.checkpoint.state]).toEqual([503, 'degraded', 'failing']);
  });

  it('is written as soon as its directory exists', async () => {
    watcher = await WatcherProcess.spawn({ SLACK_WEBHOOK_URL: slack.url });
    await watcher.close();
    watcher = await WatcherProcess.spawn({ SLACK_WEBHOOK_URL: slack.url });
    writeFileSync(watcher.stateDirectory, 'a file in its place');
    await watcher.waitForOutput(/the checkpoint cannot be written/);
    rmSync(watcher.stateDirectory);
    await watcher.waitForOutput(/the checkpoint can be written again/);
    expect(await watcher.health()).toMatchObject({
      httpStatus: 200,
      health: { checkpoint: { state: 'ok', fault: null } },
    });
  });

  it('is written again after the disk was full', async (context) => {
    needsMount(context);
    await start();
    await watcher.kill();
    rmSync(watcher.stateDirectory, { recursive: true, force: true });
    mkdirSync(watcher.stateDirectory);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', watcher.stateDirectory]);
    try {
      const filler = join(watcher.stateDirectory, 'filler');
      execFileSync('sh', ['-c', `cat /dev/zero > ${filler} 2>/dev/null || true`]);
      await watcher.again();
      await watcher.waitForOutput(/"code":"ENOSPC"/);
      watcher.log(reroutedLine());
      await sent(failoverWords);
      rmSync(filler);
      await watcher.waitForOutput(/the checkpoint can be written again/);
    } finally {
      await watcher.kill();
      execFileSync('umount', [watcher.stateDirectory]);
    }
  });
});

describe('a watcher that is stopped', () => {
  it('keeps what Slack does not accept for the next start', async () => {
    await start();
    slack.answer('hang');
    watcher.log(reroutedLine());
    await slack.waitFor(() => slack.requests === 1);
    const began = Date.now();
    watcher.signal('SIGTERM');
    expect(await watcher.exitCode()).toBe(0);
    expect(Date.now() - began).toBeLessThan(6_000);
    slack.answer('ok');
    await watcher.again();
    await sent(failoverWords);
    expect(headlines()).toHaveLength(1);
  });
});
