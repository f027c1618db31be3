import { describe, expect, it } from 'vitest';
import { type Counters, type PoolCounts, quantileMs, since } from './counters.ts';

const bounds = [10, 100, 1_000];
const latency = (...counts: number[]): PoolCounts => ({ own: 0, lost: 0, latencyMs: { bounds, counts } });
const reading = (startedAtMs: number, green: PoolCounts): Counters => ({
  startedAtMs,
  lagBytes: 0,
  active: 'green',
  down: null,
  pools: { blue: latency(0, 0, 0, 0), green },
});

describe('a latency quantile', () => {
  it('is the upper bound of the bucket that holds it', () => {
    expect(quantileMs(latency(95, 5, 0, 0), 0.95, 1)).toBe(10);
    expect(quantileMs(latency(94, 6, 0, 0), 0.95, 1)).toBe(100);
    expect(quantileMs(latency(0, 0, 100, 0), 0.95, 1)).toBe(1_000);
  });

  it('is at most the highest bound', () => {
    expect(quantileMs(latency(0, 0, 0, 100), 0.95, 1)).toBe(1_000);
  });

  it('is undefined with too few samples', () => {
    expect(quantileMs(latency(99, 0, 0, 0), 0.95, 100)).toBeUndefined();
    expect(quantileMs(latency(100, 0, 0, 0), 0.95, 100)).toBe(10);
  });
});

describe('counts since an earlier reading', () => {
  const earlier = { own: 10, lost: 1, latencyMs: { bounds, counts: [5, 5, 0, 0] } };
  const later = { own: 30, lost: 4, latencyMs: { bounds, counts: [6, 20, 3, 1] } };

  it('are the difference', () => {
    expect(since(reading(1, earlier), reading(1, later), 'green')).toEqual({
      own: 20,
      lost: 3,
      latencyMs: { bounds, counts: [1, 15, 3, 1] },
    });
  });

  it('are all counts if the watcher has restarted or there is no earlier reading', () => {
    expect(since(reading(1, earlier), reading(2, later), 'green')).toEqual(later);
    expect(since(undefined, reading(2, later), 'green')).toEqual(later);
  });
});
