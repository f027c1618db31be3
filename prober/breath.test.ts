import { beforeEach, describe, expect, it } from 'vitest';
import type { Cause } from '../health/cause.ts';
import type { Pool } from '../settings/pool.ts';
import { Breath } from './breath.ts';

let breath: Breath;
/** A check of 200 ms at most. */
const ended = (pool: Pool, startedMs: number, tookMs: number, cause?: Cause) =>
  breath.meaningOf(pool, { startedMs, endedMs: startedMs + tookMs, cause });
const answers = (pool: Pool, startedMs: number, tookMs = 2) => ended(pool, startedMs, tookMs);
const misses = (pool: Pool, startedMs: number) => ended(pool, startedMs, 200, 'timeout');

beforeEach(() => {
  breath = new Breath({ timeoutMs: 200, intervalMs: 100 });
});

describe('a pool that does not answer in time', () => {
  it('has failed if the other one answers checks that began at the same time or later', () => {
    answers('green', 1_000);
    expect(misses('blue', 1_000)).toBe('failed');
    expect(misses('blue', 1_090)).toBe('failed');
  });

  it('is late if nothing is known of the other one since the check began', () => {
    answers('green', 1_000);
    expect(misses('blue', 1_200)).toBe('late');
  });

  it('is late while the other one is late too, and for ten seconds after', () => {
    misses('green', 1_000);
    answers('green', 1_300);
    expect(misses('blue', 1_300)).toBe('late');
    answers('green', 11_000);
    expect(misses('blue', 11_000)).toBe('late');
    answers('green', 11_100);
    expect(misses('blue', 11_100)).toBe('failed');
  });

  it('is late if the other one needs half of its time to answer', () => {
    answers('green', 1_000, 100);
    expect(misses('blue', 1_000)).toBe('late');
  });

  it('is late if the prober itself was', () => {
    answers('green', 1_000);
    breath.drifted(49, 1_100);
    expect(misses('blue', 1_000)).toBe('failed');
    breath.drifted(50, 1_100);
    expect(misses('blue', 1_000)).toBe('late');
  });

  it('is late if four processes for each core want to run', () => {
    answers('green', 1_000);
    breath.loaded(3.9, 1_100);
    expect(misses('blue', 1_000)).toBe('failed');
    breath.loaded(4, 1_100);
    expect(misses('blue', 1_000)).toBe('late');
  });

  it.each(['status 500', 'answer cut off', 'header too long'])(
    'has failed if the other one is in time with %s',
    (cause) => {
      ended('green', 1_000, 2, cause);
      expect(misses('blue', 1_000)).toBe('failed');
    },
  );

  it('is late if only the system of the other one answers', () => {
    ended('green', 2_000, 2, 'refused');
    expect(misses('blue', 2_000)).toBe('late');
  });
});

describe('any other failure', () => {
  it.each(['refused', 'connection reset', 'status 503', 'answer cut off', 'not HTTP', 'header too long'])(
    'convicts at once, however late the other pool is: %s',
    (cause) => {
      misses('green', 1_000);
      breath.drifted(500, 1_000);
      expect(ended('blue', 1_000, 150, cause)).toBe('failed');
    },
  );
});

describe('the machine', () => {
  it('is overloaded when both pools miss a check within five seconds, until none has for ten', () => {
    misses('blue', 1_000);
    expect(breath.isOverloaded(1_200)).toBe(false);
    misses('green', 5_800);
    expect(breath.isOverloaded(6_000)).toBe(true);
    expect(breath.isOverloaded(11_199)).toBe(true);
    expect(breath.isOverloaded(11_200)).toBe(false);
  });

  it('is not overloaded while one pool alone is late', () => {
    for (let atMs = 1_000; atMs < 60_000; atMs += 100) misses('blue', atMs);
    expect(breath.isOverloaded(60_000)).toBe(false);
  });
});
