import { describe, expect, it } from 'vitest';
import type { Failure, Sample } from '../load/sample.ts';
import {
  type Allowance,
  answersCut,
  keptConnectionsClosed,
  noPoolServes,
  postsInFlight,
  postsThatTry,
  streamsCut,
  streamsSilent,
} from './allowance.ts';
import { figuresOf } from './figures.ts';
import type { Moments } from './moments.ts';
import { type Expectation, verdictOf } from './verdict.ts';

const moments: Moments = {
  beganAt: 0,
  brokenAt: 3_000,
  injectedAt: 3_050,
  detectedBy: 3_700,
  repairingAt: 8_000,
  repairedAt: 8_100,
};

/** Two GETs every 10 ms: served by blue until 3.5 s, by green until 8.2 s, then by blue again. */
const calm: readonly Sample[] = Array.from({ length: 2_000 }, (_, index) => {
  const dueAt = index * 5;
  const pool = dueAt < 3_500 || dueAt > 8_200 ? 'blue' : 'green';
  return { kind: 'get', loop: 'open', dueAt, endedAt: dueAt + 2, status: 200, pool };
});

function judged(more: readonly Sample[], expectation: Partial<Expectation> = {}) {
  const samples = [...calm, ...more].toSorted((one, other) => one.endedAt - other.endedAt);
  const figures = figuresOf(samples, moments, { active: 'blue', lasts: 'fault' });
  return { figures, ...verdictOf(samples, moments, figures, { allowances: [], ...expectation }, 'blue') };
}

const served = (kind: Sample['kind'], dueAt: number): Sample => ({
  kind,
  loop: 'open',
  dueAt,
  endedAt: dueAt + 1,
  status: 200,
});

const failed = (kind: Sample['kind'], dueAt: number, failure: Failure = 'status 502'): Sample => ({
  ...served(kind, dueAt),
  status: 502,
  failure,
});

describe('the verdict on a scenario', () => {
  it('has failover, recovery and the counts of each pool, and no fault if nothing failed', () => {
    const { figures, faults, excused } = judged([], { servedBy: 'standby' });
    expect(faults).toEqual([]);
    expect(excused).toEqual([]);
    expect(figures).toMatchObject({ requests: 2_000, failed: 0, failoverMs: 502, recoveryMs: 207, p50Ms: 2, maxMs: 2 });
    expect(figures.served.blue + figures.served.green).toBe(2_000);
  });

  it('reports a failed GET, and when it was due', () => {
    const { faults } = judged([failed('get', 3_100), failed('get', 3_200)]);
    expect(faults).toEqual(['get: status 502, 2 times, due 100 to 200 ms after the fault: avoidable']);
  });

  it('excuses POSTs in flight up to the bound, and none after the detection', () => {
    const posts = [failed('post', 3_010), failed('upload', 3_400)];
    expect(judged(posts, { allowances: [postsInFlight(2)] })).toMatchObject({ faults: [], excused: [{ count: 2 }] });
    expect(judged(posts, { allowances: [postsInFlight(1)] }).faults).toEqual([
      'POST in flight: 2 failed, at most 1 allowed',
    ]);
    expect(judged([failed('post', 3_800)], { allowances: [postsInFlight(2)] }).faults).toHaveLength(1);
  });

  it('excuses POSTs at any time up to the bound if the pool is tried again and again, and nothing else', () => {
    const allowances = [postsThatTry(2)];
    const posts = [failed('post', 3_010), failed('upload', 7_900)];
    expect(judged(posts, { allowances })).toMatchObject({ faults: [], excused: [{ count: 2, most: 2 }] });
    expect(judged([...posts, failed('post', 7_950)], { allowances }).faults).toHaveLength(1);
    expect(judged([failed('get', 7_900)], { allowances }).faults).toHaveLength(1);
    expect(judged([failed('post', 7_900, 'reset')], { allowances }).faults).toHaveLength(1);
  });

  it('excuses responses that were cut off, but no reset before the response', () => {
    const allowances = [answersCut(10)];
    expect(judged([failed('get', 3_100, 'cut off')], { allowances }).faults).toEqual([]);
    expect(judged([failed('get', 3_100, 'reset')], { allowances }).faults).toHaveLength(1);
  });

  it.each<[string, Allowance, Sample]>([
    ['a POST', postsInFlight(9), failed('post', 2_400)],
    ['a POST to the broken pool', postsThatTry(9), failed('post', 2_400)],
    ['a stream', streamsCut(9), failed('stream', 500, 'cut off')],
    ['a silent stream', streamsSilent(9), failed('stream', 2_400, 'no answer')],
    ['a response', answersCut(9), failed('get', 2_400, 'cut off')],
    ['a kept connection', keptConnectionsClosed(9), failed('get', 2_400, 'reset on a kept connection')],
    ['a request', noPoolServes({ rate: 400, quickMs: 600 }), failed('get', 2_400)],
  ])('excuses no failure that ended before the fault: %s', (_, allowance, before) => {
    expect(judged([before], { allowances: [allowance] }).faults).toHaveLength(1);
    const after = { ...before, dueAt: 3_050, endedAt: 3_060 };
    expect(judged([after], { allowances: [allowance] }).faults).toEqual([]);
  });

  it('excuses requests in an outage only if the edge answered in time, and no more than were sent', () => {
    const allowances = [noPoolServes({ rate: 2, quickMs: 600 })];
    expect(judged([failed('get', 4_000)], { allowances }).faults).toEqual([]);
    expect(judged([failed('get', 4_000, 'no answer')], { allowances }).faults).toHaveLength(1);
    expect(judged([failed('get', 4_000, 'refused')], { allowances }).faults).toHaveLength(1);
    expect(judged([failed('get', 4_000, 'wrong body')], { allowances }).faults).toHaveLength(1);
    expect(judged([{ ...failed('get', 4_000), endedAt: 5_000 }], { allowances }).faults).toHaveLength(1);
    expect(judged([failed('get', 8_200)], { allowances }).faults).toHaveLength(1);
    const many = Array.from({ length: 15 }, (_, index) => failed('get', 4_000 + index));
    expect(judged(many, { allowances }).faults).toEqual(['no pool available: 15 failed, at most 14 allowed']);
  });

  it('allows ten late requests if the expectation does not mention any', () => {
    const late = Array.from({ length: 11 }, (_, index) => ({ ...served('get', 4_000 + index), endedAt: 6_900 }));
    expect(judged(late).faults).toEqual(['requests over 500 ms: 11, at most 10 allowed']);
    expect(judged(late.slice(1)).faults).toEqual([]);
  });

  it('counts late requests, and reports those due after the detection', () => {
    const late = (dueAt: number) => ({ ...served('get', dueAt), endedAt: dueAt + 3_000 });
    expect(judged([late(3_100)], { mostLate: 1 }).faults).toEqual([]);
    expect(judged([late(3_100), late(3_200)], { mostLate: 1 }).faults).toHaveLength(1);
    expect(judged([late(4_000)], { mostLate: 1 }).faults).toEqual([
      'requests over 500 ms after the fault was detected: 1',
    ]);
  });

  it('reports traffic served by the wrong pool', () => {
    expect(judged([], { servedBy: 'active' }).faults).toHaveLength(1);
  });

  it('reports that no request shows which pool served', () => {
    const short = { ...moments, repairingAt: moments.detectedBy };
    const figures = figuresOf(calm, short, { active: 'blue', lasts: 'fault' });
    expect(verdictOf(calm, short, figures, { servedBy: 'standby', allowances: [] }, 'blue').faults).toEqual([
      'no request shows which pool served in that time',
    ]);
  });

  it('expects no pool of an app that never names it', () => {
    const unnamed = calm.map(({ pool: _, ...sample }) => sample);
    const figures = figuresOf(unnamed, moments, { active: 'blue', lasts: 'fault' });
    expect(verdictOf(unnamed, moments, figures, { servedBy: 'standby', allowances: [] }, 'blue').faults).toEqual([]);
  });

  it('takes latency from successful requests only', () => {
    const { figures } = judged([{ ...failed('post', 3_100), endedAt: 6_100 }], { allowances: [postsInFlight(1)] });
    expect(figures).toMatchObject({ failed: 1, late: 0, maxMs: 2 });
  });

  it("leaves a stranger's requests out, but each must act as it is meant to", () => {
    const poison = failed('poison', 4_000, 'status 500');
    expect(judged([poison])).toMatchObject({ faults: [], figures: { requests: 2_000, failed: 0 } });
    const strange = ['poison'] as const;
    expect(judged([{ ...poison, failure: 'status 404' }], { strange }).faults).toHaveLength(1);
    expect(judged([poison], { strange }).faults).toEqual([]);
    expect(judged([], { strange }).faults).toEqual(['no poison request was sent']);
    const { failure: _, ...tardy } = failed('tardy', 4_000, 'status 500');
    expect(judged([tardy], { strange: ['tardy'] }).faults).toEqual([]);
    expect(judged([failed('tardy', 4_000, 'status 504')], { strange: ['tardy'] }).faults).toHaveLength(1);
  });
});
