import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { accessLine, reroutedLine } from '../../test/access-lines.ts';
import type { Alert } from '../alerts/alert.ts';
import { ControlDirectory } from '../control/flags.ts';
import { Tail } from '../log/tail.ts';
import type { Policy } from '../rules/state.ts';
import { Watch } from '../watch.ts';
import { CatchUp } from './catch-up.ts';
import { resumeAt } from './checkpoint.ts';
import type { Progress } from './shape.ts';

const policy: Policy = { windowSize: 200, thresholdPercent: 2, cooldownMs: 0, maintenance: false };
const startMs = Date.now() - 10_000;

let directory: string;
let delivered: Alert[];
let tail: Tail;
let watch: Watch;
let catchUp: CatchUp;

/** What a checkpoint contains. */
function progressNow(): Progress {
  return { savedMs: Date.now(), standing: tail.resumePoint, watch: watch.snapshot(), missed: catchUp.missed };
}

/** Starts a new watcher's parts as main.ts does. */
function start(progress: Progress | undefined): void {
  catchUp = new CatchUp(progress, (alert) => delivered.push(alert));
  const listener = { send: catchUp.send, hold: () => {}, fault: () => {} };
  watch = new Watch(policy, new ControlDirectory(join(directory, 'none')), listener, progress?.watch);
  const path = join(directory, 'access.log');
  tail = new Tail({
    path,
    sink: watch.line,
    tooLong: watch.tooLong,
    from: progress === undefined ? 'start' : resumeAt(progress),
    chunkBytes: 512,
  });
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'catch-up-'));
  delivered = [];
  start(undefined);
});

afterEach(() => {
  vi.useRealTimers();
  tail.close();
  rmSync(directory, { recursive: true });
});

describe('catching up', () => {
  it.each([1, 2, 5])(
    'holds alerts back until everything has been read, through a crash after every %i steps',
    (every) => {
      let progress: Progress = structuredClone({ ...progressNow(), savedMs: startMs });
      const lines = [
        accessLine({ startMs }),
        reroutedLine({ startMs: startMs + 500 }),
        accessLine({ startMs: startMs + 900 }),
      ];
      writeFileSync(join(directory, 'access.log'), `${lines.join('\n')}\n`);
      let more = true;
      for (let steps = 0; more; steps++) {
        if (steps % every === 0) {
          tail.close();
          start(structuredClone(progress));
        }
        expect(delivered).toEqual([]);
        more = tail.step(Date.now());
        expect(catchUp.arrived(watch, tail, more)).toBe(!more);
        progress = progressNow();
      }
      expect(delivered.map(({ kind }) => kind)).toEqual(['failover', 'recovery']);
      expect(progress).toMatchObject({ watch: { lines: 3 }, standing: tail.position, missed: null });
    },
  );

  it('ends at the first request after the start, in a log that never stops', () => {
    const before: Progress = structuredClone({ ...progressNow(), savedMs: startMs });
    const lines = [
      accessLine({ startMs }),
      reroutedLine({ startMs: Date.now() + 1_000 }),
      ...Array(50).fill(accessLine()),
    ];
    writeFileSync(join(directory, 'access.log'), `${lines.join('\n')}\n`);
    start(before);
    let steps = 0;
    while (!catchUp.isDone) {
      const more = tail.step(Date.now());
      expect(more).toBe(true);
      catchUp.arrived(watch, tail, more);
      steps++;
    }
    expect(steps).toBeLessThan(5);
    expect(delivered.map(({ kind }) => kind)).toEqual(['failover']);
  });

  it('waits for a missing log, but at most ten seconds', () => {
    const before: Progress = structuredClone({ ...progressNow(), savedMs: startMs });
    start(before);
    expect(catchUp.arrived(watch, tail, tail.step(Date.now()))).toBe(false);
    const lines = [accessLine({ startMs }), reroutedLine({ startMs: startMs + 500 })];
    writeFileSync(join(directory, 'access.log'), `${lines.join('\n')}\n`);
    while (tail.step(Date.now())) expect(catchUp.arrived(watch, tail, true)).toBe(false);
    expect([catchUp.arrived(watch, tail, false), delivered.map(({ kind }) => kind)]).toEqual([true, ['failover']]);

    rmSync(join(directory, 'access.log'));
    start(before);
    expect(catchUp.arrived(watch, tail, tail.step(Date.now()))).toBe(false);
    vi.setSystemTime(Date.now() + 10_001);
    expect(catchUp.arrived(watch, tail, tail.step(Date.now()))).toBe(true);
  });

  it('is done at once if there was no checkpoint', () => {
    expect(catchUp.isDone).toBe(true);
    expect(catchUp.arrived(watch, tail, false)).toBe(false);
  });
});
