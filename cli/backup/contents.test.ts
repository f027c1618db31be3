import { describe, expect, it } from 'vitest';
import { entryJudge } from './contents.ts';

const file = (size: number) => ({ path: 'watcher/past.json', type: 'File', size });

describe('the contents of an archive', () => {
  it('do not fill the disk', () => {
    const judge = entryJudge();
    const gib = 1024 ** 3;
    expect([1.5 * gib, 0.5 * gib, 1].map((size) => judge(file(size)))).toEqual([
      undefined,
      undefined,
      'more than 2 GiB',
    ]);
  });

  it('do not make up for their size with a negative one', () => {
    const judge = entryJudge();
    expect(judge(file(-(1024 ** 4)))).toContain('has no valid size');
    expect(judge(file(3 * 1024 ** 3))).toBeDefined();
  });

  it('are not more than a file system should have to bear', () => {
    const judge = entryJudge();
    const faults = Array.from({ length: 100_001 }, () => judge(file(0)));
    expect(faults.findIndex((fault) => fault !== undefined)).toBe(100_000);
  });
});
