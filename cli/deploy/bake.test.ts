import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Pool } from '../../settings/pool.ts';
import type { Engine } from '../engine/engine.ts';
import type { Stack } from '../stack/stack.ts';
import { CommandError } from '../terminal/command-error.ts';
import { type BakeOptions, bake, untilSwitch } from './bake.ts';
import type { Counters } from './counters.ts';

const bounds = [1, 10, 100, 1_000];
const counters = (own = 0, lost = 0, counts = [0, 0, 0, 0, 0]) => ({ own, lost, latencyMs: { bounds, counts } });
const reading = (green: Counters['pools']['green'], more: Partial<Counters> = {}): Counters => ({
  startedAtMs: 1,
  lagBytes: 0,
  active: 'green',
  down: { blue: false, green: false },
  pools: { blue: counters(), green },
  ...more,
});

describe('a bake', () => {
  let watcher: Server;
  let stack: Stack;
  /** The watcher's answers in turn; the last one repeats. Undefined: it answers 500. */
  let answers: (Counters | undefined)[];

  beforeEach(async () => {
    watcher = createServer((_request, response) => {
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      response.writeHead(answer === undefined ? 500 : 200).end(JSON.stringify(answer));
    }).listen(0, '127.0.0.1');
    await once(watcher, 'listening');
    const { port } = watcher.address() as AddressInfo;
    stack = { settings: { DIRECT_BIND: '127.0.0.1', WATCHER_PORT: port } } as unknown as Stack;
  });
  afterEach(() => watcher.close());

  const engine = (active: Pool, down: Pool[] = []) =>
    ({
      edge: async () =>
        JSON.stringify({
          active,
          group: `${active}_first`,
          blue_down: down.includes('blue'),
          green_down: down.includes('green'),
          maintenance: false,
          nginx: '1',
        }),
    }) as unknown as Engine;
  const run = (options: Partial<BakeOptions> = {}, edge = engine('green')) =>
    bake(
      stack,
      edge,
      'green',
      { forMs: 600, maxErrorPercent: 1, active: 'green', baseline: () => counters(), ...options },
      { say: () => {}, signal: new AbortController().signal },
    );

  it('passes a release that answers requests, and counts them', async () => {
    answers = [reading(counters(1_000, 9)), reading(counters(1_500, 10))];
    expect(await run()).toMatchObject({ requests: 500, failed: 1, breach: undefined, overtaken: false });
  });

  it('ends at once when too many requests fail', async () => {
    answers = [reading(counters()), reading(counters(100, 3))];
    const baked = await run({ forMs: 60_000 });
    expect(baked.breach).toBe('3 of 100 requests failed (3.00%, allowed 1%)');
    expect(baked.lastedMs).toBeLessThan(5_000);
  });

  it('does not judge two failures, or a few requests before the end', async () => {
    answers = [reading(counters()), reading(counters(20, 2))];
    expect((await run()).breach).toBeUndefined();
    answers = [reading(counters()), reading(counters(10, 5))];
    const baked = await run();
    expect(baked.breach).toContain('5 of 10');
    expect(baked.lastedMs).toBeGreaterThanOrEqual(600);
  });

  it('ends at once when the release fails its health checks', async () => {
    answers = [reading(counters()), reading(counters(), { down: { blue: false, green: true } })];
    expect(await run({ forMs: 60_000 }, engine('green', ['green']))).toMatchObject({
      breach: 'green fails its health checks',
    });
  });

  it('gives way to an operator who makes the other pool active', async () => {
    answers = [reading(counters()), reading(counters(), { active: 'blue' })];
    expect(await run({ forMs: 60_000 }, engine('blue'))).toMatchObject({ breach: undefined, overtaken: true });
  });

  it('relies on the edge if the watcher has not read the flags yet', async () => {
    answers = [reading(counters(), { active: 'blue', down: { blue: false, green: true } })];
    expect((await run()).breach).toBeUndefined();
  });

  it('continues when the edge does not answer for a moment', async () => {
    answers = [reading(counters(), { active: 'blue' })];
    const { edge } = engine('green');
    let asked = 0;
    const busy = { edge: async () => (asked++ === 0 ? Promise.reject(new CommandError('no answer')) : edge('status')) };
    expect(await run({}, busy as unknown as Engine)).toMatchObject({ breach: undefined, overtaken: false });
    expect(asked).toBeGreaterThan(1);
  });

  it('monitors health alone while the watcher is down, and counts again once it has restarted', async () => {
    answers = [
      reading(counters(100)),
      undefined,
      reading(counters(5), { startedAtMs: 2 }),
      reading(counters(25, 9), { startedAtMs: 2 }),
    ];
    expect((await run({ forMs: 60_000 })).breach).toContain('9 of 20');
    answers = [undefined];
    expect((await run({ forMs: 60_000 }, engine('green', ['green']))).breach).toBe('green fails its health checks');
  });

  it('waits at its end for lines that the watcher has not read yet', async () => {
    const behind = { lagBytes: 500 };
    answers = [
      reading(counters(), behind),
      ...Array.from({ length: 6 }, () => reading(counters(30), behind)),
      reading(counters(60, 30)),
    ];
    expect((await run({ forMs: 300 })).breach).toContain('30 of 60');
  });

  it('fails a release that is much slower than the previous one, once it has warmed up', async () => {
    const slow = (count: number) => counters(count, 0, [0, 0, 0, count, 0]);
    let count = 0;
    watcher.removeAllListeners('request');
    watcher.on('request', (_request, response) => {
      count += 60;
      response.end(JSON.stringify(reading(slow(count))));
    });
    const fast = counters(500, 0, [0, 500, 0, 0, 0]);
    const baked = await run({ forMs: 60_000, baseline: () => fast });
    expect(baked.breach).toBe('95% of responses begin within 1.0 s, compared with 10 ms for the previous release');
    expect(baked.lastedMs).toBeGreaterThanOrEqual(5_000);
  });

  it('passes a release that is more than twice as slow, if the difference is at most 50 ms', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const within = (boundMs: number, count: number) => ({
      own: count,
      lost: 0,
      latencyMs: { bounds: [10, boundMs], counts: [0, count] },
    });
    const bakeWith = async (boundMs: number) => {
      let count = 0;
      watcher.removeAllListeners('request');
      watcher.on('request', (_request, response) => {
        count += 200;
        response.end(JSON.stringify(reading(within(boundMs, count))));
        // So it is warm at the second look, and judged from the third on.
        vi.advanceTimersByTime(5_000);
      });
      const fast = { own: 200, lost: 0, latencyMs: { bounds: [10, boundMs], counts: [200, 0] } };
      return run({ forMs: 15_000, baseline: () => fast });
    };
    expect((await bakeWith(60)).breach).toBeUndefined();
    expect((await bakeWith(61)).breach).toBe(
      '95% of responses begin within 61 ms, compared with 10 ms for the previous release',
    );
  });

  it.each([
    ['more than twice as slow', 100, 100, 201, '95% of responses begin within 201 ms'],
    ['twice as slow, and not more', 100, 100, 200, undefined],
    ['much slower in fewer than a hundred answers', 99, 100, 900, undefined],
    ['much slower than a previous release with fewer than a hundred answers', 100, 99, 900, undefined],
  ])('judges a release that is %s: %i answers, after %i', async (_, samples, samplesBefore, withinMs, breach) => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const latencyMs = (...counts: number[]) => ({ bounds: [100, withinMs], counts });
    // All come after it is warm.
    const readings = [0, 0, samples, samples].map((count) => ({ own: count, lost: 0, latencyMs: latencyMs(0, count) }));
    answers = readings.map((green) => reading(green));
    watcher.prependListener('request', () => vi.advanceTimersByTime(5_000));
    const before = { own: samplesBefore, lost: 0, latencyMs: latencyMs(samplesBefore, 0) };
    const baked = await run({ forMs: 15_000, baseline: () => before });
    if (breach === undefined) expect(baked.breach).toBeUndefined();
    else expect(baked.breach).toContain(breach);
  });

  it('passes at exactly the allowed error rate', async () => {
    answers = [reading(counters()), reading(counters(300, 3))];
    expect((await run()).breach).toBeUndefined();
    answers = [reading(counters()), reading(counters(299, 3))];
    expect((await run()).breach).toContain('3 of 299');
  });

  it('waits at most five seconds at its end for a watcher that is behind', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    let looks = 0;
    watcher.prependListener('request', () => {
      looks++;
      vi.advanceTimersByTime(1_000);
    });
    answers = [reading(counters(), { lagBytes: 500 })];
    expect(await run({ forMs: 1_000 })).toMatchObject({ breach: undefined });
    // One second with each look: the end, and five seconds more.
    expect(looks).toBe(6);
  });

  it('compares with the other pool until the switch', () => {
    const begin = reading(counters(), { pools: { green: counters(), blue: counters(100, 0, [0, 50, 0, 0, 0]) } });
    const end = reading(counters(), { pools: { green: counters(), blue: counters(300, 0, [0, 90, 0, 0, 0]) } });
    expect(untilSwitch(begin, end, 'green')(end)).toMatchObject({ own: 200, latencyMs: { counts: [0, 40, 0, 0, 0] } });
  });
});
