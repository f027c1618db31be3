import { describe, expect, it } from 'vitest';
import { addSample, ageOut, failedPercent, maxAgeMs, newWindow, worstPaths } from './window.ts';

const noon = Date.UTC(2025, 10, 23, 12);

describe('the window of the last requests', () => {
  it('names the paths that failed most often, the worst first', () => {
    const window = newWindow(100);
    const counts = { '/one': 1, '/three': 3, '/two': 2, '/four': 4 };
    for (const [path, count] of Object.entries(counts)) {
      for (let sample = 0; sample < count; sample++) addSample(window, noon, path);
    }
    expect(worstPaths(window, 3)).toEqual([
      { path: '/four', failed: 4 },
      { path: '/three', failed: 3 },
      { path: '/two', failed: 2 },
    ]);
  });

  it('counts each of its samples once when it is full, and none that has left it', () => {
    const window = newWindow(3);
    for (const path of ['/left', '/a', '/b', '/a']) addSample(window, noon, path);
    expect(worstPaths(window, 9)).toEqual([
      { path: '/a', failed: 2 },
      { path: '/b', failed: 1 },
    ]);
    expect([window.count, window.failed, failedPercent(window)]).toEqual([3, 3, 100]);
  });

  it('lets a sample go when it is older than a quarter of an hour', () => {
    const window = newWindow(3);
    addSample(window, noon, '/a');
    ageOut(window, noon + maxAgeMs);
    expect(window.count).toBe(1);
    ageOut(window, noon + maxAgeMs + 1);
    expect([window.count, window.failed, failedPercent(window)]).toEqual([0, 0, 0]);
  });
});
