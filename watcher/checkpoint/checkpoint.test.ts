import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { accessLine, reroutedLine, unservedLine } from '../../test/access-lines.ts';
import type { Alert } from '../alerts/alert.ts';
import { ControlDirectory } from '../control/flags.ts';
import type { Policy, WatchSnapshot } from '../rules/state.ts';
import { Watch } from '../watch.ts';
import { loadCheckpoint, readCheckpoint } from './checkpoint.ts';
import { CheckpointFile, decode, encode } from './checkpoint-file.ts';
import { Checkpointer } from './checkpointer.ts';
import { parseCompact, stringifyCompact } from './compact.ts';
import type { Checkpoint } from './shape.ts';

const noon = Date.UTC(2025, 10, 23, 12);
const policy: Policy = { windowSize: 300, thresholdPercent: 2, cooldownMs: 60_000, maintenance: false };
const ignore = () => {};
const silent = pino({ level: 'silent' });
const validate = (watch: WatchSnapshot) => Watch.validate(watch, policy);

let directory: string;
let file: CheckpointFile;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'checkpoint-'));
  file = new CheckpointFile(join(directory, 'state'));
});

afterEach(() => rmSync(directory, { recursive: true }));

function watchOn(sent: Alert[], saved?: WatchSnapshot, rules = policy): Watch {
  const listener = { send: (alert: Alert) => sent.push(alert), hold: ignore, fault: ignore };
  return new Watch(rules, new ControlDirectory(join(directory, 'none')), listener, saved);
}

function checkpoint(watch: Watch): Checkpoint {
  return { progress: { savedMs: noon, standing: 'start', watch: watch.snapshot(), missed: null }, outboxes: {} };
}

function saved(watch: Watch, rules = policy): WatchSnapshot {
  const decoded = decode(encode(checkpoint(watch)));
  const read =
    'body' in decoded ? readCheckpoint(decoded.body, rules, (watch) => Watch.validate(watch, rules)) : undefined;
  if (read === undefined) throw new Error('not read back');
  return read.progress.watch;
}

const take = (watch: Watch, lines: readonly string[]) => {
  for (const line of lines) watch.line(Buffer.from(line, 'latin1'), 0, line.length);
};

/** Failovers, recoveries, an outage, a switch and a high error rate, with long silences in between. */
const story: readonly string[] = [
  accessLine({ startMs: noon }),
  ...Array.from({ length: 400 }, (_, index) => {
    const startMs = noon + 1_000 + index * 700 + (index > 200 ? 200_000 : 0);
    if (index % 100 === 30) return reroutedLine({ startMs });
    if (index > 150 && index < 155) return unservedLine({ startMs });
    if (index % 90 === 7) return 'not a line of the edge';
    return accessLine({
      startMs,
      active: index > 300 ? 'green' : 'blue',
      uri: `/${index}`,
      status: index % 40 ? 200 : 500,
    });
  }),
];

describe('the state after a restart', () => {
  it.each([1, 3, 17, 100])('is the same as without one, even if it restarts after every %i lines', (every) => {
    const sentWithout: Alert[] = [];
    // This watch was restored once too, so that it takes its time from the log.
    const without = watchOn(sentWithout, saved(watchOn([])));
    take(without, story);
    const sentWith: Alert[] = [];
    let watch = watchOn(sentWith, saved(watchOn([])));
    for (let at = 0; at < story.length; at += every) {
      watch = watchOn(sentWith, saved(watch));
      take(watch, story.slice(at, at + every));
    }
    expect(new Set(sentWithout.map(({ kind }) => kind)).size).toBeGreaterThan(4);
    expect(sentWith).toEqual(sentWithout);
    expect(watch.snapshot()).toEqual(without.snapshot());
  });

  it.each([50, 299, 1_000])('keeps the newest samples if the window size is now %i', (windowSize) => {
    const watch = watchOn([]);
    take(watch, story);
    const { samples } = watch.health().window;
    const resized = watchOn([], saved(watch, { ...policy, windowSize }), { ...policy, windowSize });
    expect(resized.health().window.samples).toBe(Math.min(samples, windowSize));
    take(resized, Array(60).fill(story.at(-1)));
    expect(resized.health().window.samples).toBe(Math.min(samples + 60, windowSize));
  });

  it('has initial values for what the version that saved it did not have', () => {
    const { standby: _, ...older } = watchOn([]).snapshot().state;
    const body = checkpoint(watchOn([]));
    const from = { ...body, progress: { ...body.progress, watch: { ...body.progress.watch, state: older } } };
    expect(readCheckpoint(from, policy, validate)?.progress.watch.state.standby).toEqual({ open: null });
  });

  it('is discarded if the rules cannot continue from it', () => {
    const body = checkpoint(watchOn([]));
    const state = {
      ...body.progress.watch.state,
      gates: null,
      errorRate: { window: { size: 300, count: 1 }, open: {} },
    };
    const broken = { ...body, progress: { ...body.progress, watch: { ...body.progress.watch, state } } };
    expect(readCheckpoint(broken, policy, validate)).toBeUndefined();
  });
});

describe('compact JSON', () => {
  it.each([
    ['times', Array.from({ length: 1_000 }, (_, index) => noon + index * 7)],
    ['fractions', Array.from({ length: 1_000 }, (_, index) => index / 3)],
    ['far apart', Array.from({ length: 1_000 }, (_, index) => index * 1e12)],
    ['words', Array.from({ length: 1_000 }, (_, index) => (index % 7 ? null : `/path/${index % 3}`))],
    ['anything', Array.from({ length: 1_000 }, (_, index) => (index % 2 ? { index } : [index]))],
    ['few', [1, 2, null, 'x']],
  ])('restores the same data: %s', (_, items) => {
    expect(parseCompact(stringifyCompact({ a: items, b: [{ items }] }))).toEqual({ a: items, b: [{ items }] });
  });
});

describe('the checkpoint file', () => {
  const body = { hello: 'world', list: Array.from({ length: 5_000 }, (_, index) => index) };

  it('returns what was saved last, and leaves no other file behind', async () => {
    await file.save({ first: true });
    await file.save(body);
    expect(file.load()).toEqual({ found: 'body', body });
    expect(readdirSync(join(directory, 'state'))).toEqual(['checkpoint.json']);
  });

  it('loads nothing if there is none', () => {
    expect(file.load()).toEqual({ found: 'nothing' });
  });

  it.each<[string, (bytes: Buffer) => Buffer | string]>([
    ['empty', () => ''],
    ['full of NUL bytes', (bytes) => Buffer.alloc(bytes.length)],
    ['cut short', (bytes) => bytes.subarray(0, bytes.length - 1)],
    ['cut inside its first line', (bytes) => bytes.subarray(0, 20)],
    ['too long', (bytes) => Buffer.concat([bytes, Buffer.from('\n')])],
    ['filled with NUL bytes from the middle on', (bytes) => Buffer.from(bytes).fill(0, Math.floor(bytes.length / 2))],
    ['changed in one byte', (bytes) => Buffer.from(bytes).fill('~', 200, 201)],
    ['of another version', (bytes) => bytes.toString().replace('"version":1', '"version":99')],
    ['something else', () => '{"any":"json"}\n{}'],
    ['noise', () => Buffer.from([0xff, 0xfe, 0x0a, 0x00])],
    ['valid, but has the wrong JSON', () => encode([1, 2])],
    ['valid, but has fields of other types', () => encode({ progress: { savedMs: 'later' }, outboxes: [] })],
  ])('that is %s is set aside, and the watcher starts without it', async (_, spoil) => {
    await file.save(checkpoint(watchOn([])));
    const spoilt = spoil(readFileSync(file.path));
    writeFileSync(file.path, spoilt);
    expect(loadCheckpoint(file, policy, { log: silent, validate })).toBeUndefined();
    expect(readFileSync(`${file.path}.corrupt`)).toEqual(Buffer.from(spoilt));
    expect(existsSync(file.path)).toBe(false);
    await file.save(checkpoint(watchOn([])));
    expect(loadCheckpoint(file, policy, { log: silent, validate })).toBeDefined();
  });

  it('is rejected if any one of its bytes is changed', async () => {
    const bytes = encode(checkpoint(watchOn([])));
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 0x20;
      const decoded = decode(changed);
      expect('reason' in decoded ? undefined : readCheckpoint(decoded.body, policy, validate)).toBeUndefined();
    }
  });

  it('is left alone if it is a directory', async () => {
    mkdirSync(file.path, { recursive: true });
    expect(loadCheckpoint(file, policy, { log: silent, validate })).toBeUndefined();
    await expect(file.save(body)).rejects.toMatchObject({ code: 'EISDIR' });
    expect(readdirSync(join(directory, 'state'))).toEqual(['checkpoint.json']);
  });
});

describe('writing the checkpoint', () => {
  /** A disk that completes a write when the test calls `done`. */
  class SlowDisk {
    readonly writes: unknown[] = [];
    readonly #pending: PromiseWithResolvers<void>[] = [];

    save(body: unknown): Promise<void> {
      this.writes.push(body);
      const pending = Promise.withResolvers<void>();
      this.#pending.push(pending);
      return pending.promise;
    }

    async done(error?: Error): Promise<void> {
      const pending = this.#pending.shift();
      if (error === undefined) pending?.resolve();
      else pending?.reject(error);
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    }
  }

  it('is durable only once the state at the time of the request is written, and one write serves many requests', async () => {
    const disk = new SlowDisk();
    let now = 1;
    const done: number[] = [];
    const checkpointer = new Checkpointer(disk, () => now, ignore);
    void checkpointer.durable().then(() => done.push(1));
    await disk.done();
    now = 2;
    void checkpointer.durable().then(() => done.push(2));
    now = 3;
    void checkpointer.durable().then(() => done.push(3));
    expect(disk.writes).toEqual([1]);
    expect(done).toEqual([]);
    await disk.done();
    expect(done).toEqual([1]);
    expect(disk.writes).toEqual([1, 3]);
    await disk.done();
    expect(done).toEqual([1, 2, 3]);
    checkpointer.stop();
  });

  it('is dated by its start, however long it takes', async () => {
    vi.useFakeTimers({ now: 1_000, toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const disk = new SlowDisk();
    const checkpointer = new Checkpointer(disk, () => 0, ignore);
    const durable = checkpointer.durable();
    await Promise.resolve().then(() => {});
    vi.setSystemTime(4_000);
    await disk.done();
    await durable;
    expect(checkpointer.lastWrittenMs).toBe(1_000);
    checkpointer.stop();
  });

  it('fails without rejecting, and reports the failure and the success after it once each', async () => {
    const disk = new SlowDisk();
    const reported: (string | null)[] = [];
    const checkpointer = new Checkpointer(
      disk,
      () => 0,
      (fault) => reported.push(fault),
    );
    for (const error of [
      Object.assign(new Error(), { code: 'ENOSPC' }),
      Object.assign(new Error(), { code: 'ENOSPC' }),
      undefined,
    ]) {
      const durable = checkpointer.durable();
      await Promise.resolve().then(() => {});
      await disk.done(error);
      await durable;
    }
    expect(reported).toEqual(['ENOSPC', null]);
    expect(checkpointer.health).toMatchObject({ state: 'ok', fault: null });
    checkpointer.stop();
  });
});
