import { describe, expect, it } from 'vitest';
import { ProbeCounts } from './probe-counts.ts';

describe('the counts of health checks', () => {
  it('start at zero', () => {
    const { passed, failed } = new ProbeCounts();
    expect([passed, ...Object.values(failed)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it.each([
    ['status 500', 'status'],
    ['status 404', 'status'],
    ['timeout', 'timeout'],
    ['refused', 'refused'],
    ['connection reset', 'reset'],
    ['answer cut off', 'cut off'],
    ['unreachable', 'unreachable'],
    ['ENOTFOUND', 'other'],
  ] as const)('have "%s" as "%s"', (cause, failure) => {
    const counts = new ProbeCounts();
    counts.count(cause, 5);
    expect(counts.failed[failure]).toBe(1);
    expect(Object.values(counts.failed).reduce((sum, count) => sum + count)).toBe(1);
    expect(counts.passed).toBe(0);
  });

  it('count passed checks separately', () => {
    const counts = new ProbeCounts();
    counts.count(undefined, 5);
    expect(counts.passed).toBe(1);
    expect(Object.values(counts.failed).every((count) => count === 0)).toBe(true);
  });
});
