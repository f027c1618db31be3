import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { eventually } from '../condition.ts';
import { type FakeSlack, startFakeSlack } from '../fake-slack.ts';
import { needsFuse } from '../privileges.ts';
import { WatcherProcess } from '../watcher-process.ts';
import { EdgeLog } from './edge-log.ts';
import { FailingDisk } from './failing-disk.ts';

let directory: string;
let slack: FakeSlack;
let log: EdgeLog;
let disk: FailingDisk | undefined;
let watcher: WatcherProcess | undefined;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'bluegreen-disk-'));
  slack = await startFakeSlack({ unlimited: true });
  log = new EdgeLog(join(directory, 'access.log'));
});

afterEach(async () => {
  await watcher?.close();
  await disk?.unmount();
  watcher = undefined;
  disk = undefined;
  await slack.close();
  rmSync(directory, { recursive: true });
});

async function prepare(context: TestContext): Promise<{ watcher: WatcherProcess; disk: FailingDisk }> {
  log.write(10);
  needsFuse(context);
  disk = await FailingDisk.mount(join(directory, 'disk'), log.path);
  watcher = await WatcherProcess.prepare({ SLACK_WEBHOOK_URL: slack.url, ACCESS_LOG: disk.path });
  return { watcher, disk };
}

/** A watcher that reads its log from the disk and knows the active pool. */
async function readFrom(context: TestContext): Promise<{ watcher: WatcherProcess; disk: FailingDisk }> {
  const prepared = await prepare(context);
  prepared.watcher.launch();
  await prepared.watcher.until('reading', ({ log: { state } }) => state === 'reading');
  log.write(1, { agoMs: 1000 });
  await prepared.watcher.until('the active pool', ({ active }) => active === log.active);
  return prepared;
}

describe('a log whose disk fails', () => {
  it.for([
    ['EIO', 0],
    ['ESTALE', 0],
    ['EIO', 2_000],
  ] as const)(
    'with %s from byte %i on: the watcher keeps trying, the health reports it, then reading continues',
    async ([failure, fromByte], context) => {
      const { watcher, disk } = await readFrom(context);
      disk.fail(failure, fromByte);
      log.write(5);
      await watcher.until(
        'degraded health',
        ({ status, log: { state } }) => status === 'degraded' && state === 'failing',
      );
      expect((await watcher.health()).health.log.fault).toContain(failure);
      const { failed } = disk;
      await delay(2_000);
      const retries = disk.failed - failed;
      // Neither gives up nor loops without a pause.
      expect(retries).toBeGreaterThan(5);
      expect(retries).toBeLessThan(100);
      const { httpStatus, health } = await watcher.health();
      expect([httpStatus, health.log.state, health.log.lines]).toEqual([503, 'failing', 1]);
      log.switch();
      disk.repair();
      const { log: read, status } = await watcher.until('every line', ({ log: { lines } }) => lines === log.lines - 10);
      expect([status, read.fault, read.gaps, read.truncations]).toEqual(['ok', null, 0, 0]);
      await slack.waitFor(() => slack.messages.length === 1);
    },
  );

  it('before the first read: the watcher still starts at the end', async (context) => {
    const { watcher, disk } = await prepare(context);
    disk.fail('EIO', 2_000);
    watcher.launch();
    await watcher.until(
      'degraded health',
      ({ status, log: { state } }) => status === 'degraded' && state === 'failing',
    );
    disk.repair();
    await watcher.until('reading', ({ log: { state } }) => state === 'reading');
    log.write(1);
    await watcher.until('a line', ({ log: { lines } }) => lines > 0);
    expect((await watcher.health()).health.log.lines).toBe(1);
  });

  it('because its server has lost the open file: the watcher reopens it at the same position', async (context) => {
    const { watcher, disk } = await readFrom(context);
    log.write(5);
    await watcher.until('five more', ({ log: { lines } }) => lines === 6);
    disk.forgetHandles();
    await eventually('a stale handle', () => disk.failed > 0);
    log.write(5);
    const { log: read, status } = await watcher.until('every line', ({ log: { lines } }) => lines === 11);
    expect([status, read.gaps, read.truncations]).toEqual(['ok', 0, 0]);
    expect(watcher.output).toContain('cannot read the access log: ESTALE');
  });
});
