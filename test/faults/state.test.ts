import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, onTestFailed } from 'vitest';
import { type FakeSlack, startFakeSlack } from '../fake-slack.ts';
import { EdgeLog } from './edge-log.ts';
import { randomFrom, seed } from './random.ts';
import { Subject } from './subject.ts';

const settings = () => ({ SLACK_WEBHOOK_URL: slack.url, ALERT_COOLDOWN_SEC: '0', ERROR_RATE_THRESHOLD: '100' });
const random = randomFrom(seed);

let slack: FakeSlack;
let watcher: Subject;
let log: EdgeLog;

beforeEach(async () => {
  slack = await startFakeSlack({ unlimited: true });
  onTestFailed(() => console.error(`repeat it with FAULT_SEED=${seed}`));
});

afterEach(async () => {
  await watcher.close();
  await slack.close();
});

function begin(env: Record<string, string> = {}, nodeOptions: string[] = []): void {
  watcher = new Subject({ ...settings(), ...env }, nodeOptions);
  log = new EdgeLog(watcher.logPath);
  log.write(10);
}

/** It reads, and has seen who is active: long enough ago for a switch to be one. */
async function reading(): Promise<void> {
  await watcher.until('reading', ({ log: { state } }) => state === 'reading');
  log.write(1, { agoMs: 1000 });
  await watcher.until('the active colour', ({ active }) => active === log.active);
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
  ] as const)('%s: a warning, and it goes on from now', async (_, spoil) => {
    begin();
    await watcher.start();
    await reading();
    log.switch();
    await delivered(1);
    await watcher.kill();
    spoil(checkpoint());
    await watcher.start();
    await reading();
    expect(watcher.output).toMatch(/checkpoint/i);
    // Apart enough for the edge's clock.
    await delay(450);
    log.write(1);
    log.switch();
    await delivered(2);
    await watcher.kill();
    await watcher.start();
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
  it('because it is a file: alerts are delivered, and the health says it', async () => {
    begin();
    writeFileSync(watcher.stateDirectory, '');
    await watcher.start();
    await watcher.until('degraded health', ({ status }) => status === 'degraded');
    await reading();
    log.switch();
    await delivered(1);
  });

  it('because the disk is full: alerts are delivered, the health says it, and all is well when there is room again', async (context) => {
    const mount = join('/tmp', `bluegreen-full-${process.pid}`);
    mkdirSync(mount, { recursive: true });
    begin({ STATE_DIR: mount });
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', mount], { stdio: 'ignore' });
    } catch {
      rmSync(mount, { recursive: true });
      context.skip('no right to mount');
    }
    try {
      const filler = join(mount, 'filler');
      try {
        writeFileSync(filler, Buffer.alloc(1024 * 1024));
      } catch {
        // It took what there was room for.
      }
      expect(existsSync(filler)).toBe(true);
      await watcher.start();
      await reading();
      log.switch();
      await delivered(1);
      await watcher.until('degraded health', ({ status }) => status === 'degraded');
      rmSync(filler);
      log.write(1);
      await watcher.until('good health', ({ status }) => status === 'ok');
      await watcher.kill();
      await watcher.start();
      await reading();
      expect(slack.messages).toHaveLength(1);
    } finally {
      await watcher.close();
      execFileSync('umount', [mount]);
      rmSync(mount, { recursive: true });
    }
  });
});

describe('a clock that is stepped', () => {
  it.each([
    ['forward', 3_600_000],
    ['back', -3_600_000],
  ])('%s by an hour: every alert is told once', async (_, shiftMs) => {
    const shift = join('/tmp', `bluegreen-clock-${process.pid}`);
    writeFileSync(shift, '0');
    begin({ CLOCK_SHIFT: shift }, ['--import', join(import.meta.dirname, 'shifted-clock.ts')]);
    await watcher.start();
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
