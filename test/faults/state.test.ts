import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, onTestFailed, type TestContext } from 'vitest';
import { eventually } from '../condition.ts';
import { type FakeSlack, startFakeSlack } from '../fake-slack.ts';
import { needsMount } from '../privileges.ts';
import { WatcherProcess } from '../watcher-process.ts';
import { EdgeLog } from './edge-log.ts';
import { randomFrom, seed } from './random.ts';

const settings = () => ({ SLACK_WEBHOOK_URL: slack.url, ALERT_COOLDOWN_SEC: '0', ERROR_RATE_THRESHOLD: '100' });
const random = randomFrom(seed);

let slack: FakeSlack;
let watcher: WatcherProcess;
let log: EdgeLog;

beforeEach(async () => {
  slack = await startFakeSlack({ unlimited: true });
  onTestFailed(() => console.error(`repeat it with FAULT_SEED=${seed}`));
});

afterEach(async () => {
  await watcher.close();
  await slack.close();
});

async function begin(env: NodeJS.ProcessEnv = {}, nodeOptions: string[] = []): Promise<void> {
  watcher = await WatcherProcess.prepare({ ...settings(), ...env }, nodeOptions);
  log = new EdgeLog(watcher.logPath);
  log.write(10);
}

/** Waits until the watcher reads its log and has known the active pool long enough to detect a switch. */
async function reading(): Promise<void> {
  await watcher.until('reading', ({ log: { state } }) => state === 'reading');
  log.write(1, { agoMs: 1000 });
  await watcher.until('the active pool', ({ active }) => active === log.active);
}
const delivered = (count: number) => slack.waitFor(() => slack.messages.length >= count, 20_000);
const checkpoint = () => {
  const name = readdirSync(watcher.stateDirectory).find((file) => file === 'checkpoint.json');
  if (name === undefined) throw new Error('no checkpoint');
  return join(watcher.stateDirectory, name);
};

describe('a checkpoint that cannot be used', () => {
  it.each([
    ['empty', (path: string) => writeFileSync(path, '')],
    ['filled with NUL', (path: string) => writeFileSync(path, Buffer.alloc(statSync(path).size))],
    ['cut off', (path: string) => truncateSync(path, Math.floor(statSync(path).size / 2))],
    ['with a bit flipped', flipBit],
    [
      'from another version',
      (path: string) => writeFileSync(path, readFileSync(path, 'utf8').replace(/"version":\s*\d+/, '"version":9999')),
    ],
    ['a directory', putDirectory],
    ['something else', (path: string) => writeFileSync(path, '[1,2,3]')],
  ] as const)('%s: the watcher logs a warning and starts at the end of the log', async (_, spoil) => {
    await begin();
    watcher.launch();
    await reading();
    log.switch();
    await delivered(1);
    await watcher.kill();
    spoil(checkpoint());
    watcher.launch();
    await reading();
    expect(watcher.output).toMatch(/checkpoint/i);
    // Far enough apart for the edge's clock.
    await delay(450);
    log.write(1);
    log.switch();
    await delivered(2);
    await watcher.kill();
    watcher.launch();
    await reading();
  });
});

function putDirectory(path: string): void {
  rmSync(path);
  mkdirSync(path);
}

function flipBit(path: string): void {
  const bytes = readFileSync(path);
  const at = random.between(0, bytes.length - 1);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

describe('a state directory that cannot be written', () => {
  it('because it is a file: alerts are delivered, and the health is degraded', async () => {
    await begin();
    writeFileSync(watcher.stateDirectory, '');
    watcher.launch();
    await watcher.until('degraded health', ({ status }) => status === 'degraded');
    await reading();
    log.switch();
    await delivered(1);
  });

  it('because the disk is full: alerts are delivered, and the health is degraded until there is space again', (context) =>
    onMount(context, async (mount) => {
      const filler = join(mount, 'filler');
      try {
        writeFileSync(filler, Buffer.alloc(1024 * 1024));
      } catch {
        // The disk is full, as intended.
      }
      expect(existsSync(filler)).toBe(true);
      watcher.launch();
      await reading();
      log.switch();
      await delivered(1);
      await watcher.until('degraded health', ({ status }) => status === 'degraded');
      rmSync(filler);
      log.write(1);
      await watcher.until('restored health', ({ status }) => status === 'ok');
      await watcher.kill();
      watcher.launch();
      await reading();
      expect(slack.messages).toHaveLength(1);
    }));

  it('because it has become read-only: alerts are delivered, a warning is logged, and the health is degraded until it is writable', (context) =>
    onMount(context, async (mount) => {
      watcher.launch();
      await reading();
      log.switch();
      await delivered(1);
      await remount(mount, 'ro');
      log.write(1);
      const degraded = await watcher.until('degraded health', ({ status }) => status === 'degraded');
      expect(degraded.checkpoint).toMatchObject({ state: 'failing', fault: 'EROFS' });
      expect(watcher.output).toContain('the checkpoint cannot be written');
      await delay(450);
      log.switch();
      await delivered(2);
      await remount(mount, 'rw');
      // What Slack has is not yet what the watcher knows that it has.
      await watcher.until('an empty outbox', ({ slack: { queued } }) => queued === 0);
      const sinceMs = Date.now();
      log.write(1);
      const { checkpoint } = await watcher.until(
        'restored health',
        ({ status, checkpoint: { lastWritten } }) => status === 'ok' && Date.parse(lastWritten ?? '') >= sinceMs,
      );
      expect(checkpoint).toMatchObject({ state: 'ok', fault: null });
      await watcher.kill();
      watcher.launch();
      await reading();
      expect(slack.messages).toHaveLength(2);
    }));

  it('because it is read-only from the start: alerts are delivered, and the health is degraded', (context) =>
    onMount(context, async (mount) => {
      await remount(mount, 'ro');
      watcher.launch();
      await watcher.until('degraded health', ({ status }) => status === 'degraded');
      await reading();
      log.switch();
      await delivered(1);
      await remount(mount, 'rw');
      await watcher.until('restored health', ({ status }) => status === 'ok');
    }));
});

/** Prepares a watcher whose state is on a small disk of its own, which is removed afterwards. */
async function onMount(context: TestContext, run: (mount: string) => Promise<void>): Promise<void> {
  needsMount(context);
  const mount = mkdtempSync(join(tmpdir(), 'bluegreen-state-'));
  await begin({ STATE_DIR: mount });
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', mount]);
  try {
    await run(mount);
  } finally {
    await watcher.close();
    execFileSync('umount', [mount]);
    rmSync(mount, { recursive: true });
  }
}

/** Retries, because the mount is busy while the checkpoint is being written. */
async function remount(mount: string, access: 'ro' | 'rw'): Promise<void> {
  await eventually(`a mount that is ${access}`, () => {
    execFileSync('mount', ['-o', `remount,${access}`, mount], { stdio: 'ignore' });
    return true;
  });
}

describe('a clock that is stepped', () => {
  it.each([
    ['forward', 3_600_000],
    ['back', -3_600_000],
  ])('%s by an hour: every alert is sent once', async (_, shiftMs) => {
    const shift = join('/tmp', `bluegreen-clock-${process.pid}`);
    writeFileSync(shift, '0');
    await begin({ CLOCK_SHIFT: shift }, ['--import', join(import.meta.dirname, 'shifted-clock.ts')]);
    watcher.launch();
    await reading();
    log.switch();
    await delivered(1);
    writeFileSync(shift, String(shiftMs));
    await delay(450);
    log.write(5);
    log.switch();
    await delivered(2);
    writeFileSync(shift, '0');
    await delay(450);
    log.write(5);
    log.switch();
    await delivered(3);
    await watcher.until('an empty outbox', ({ slack }) => slack.queued === 0);
    expect(slack.messages).toHaveLength(3);
    rmSync(shift);
  });
});
