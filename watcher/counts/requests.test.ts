import { beforeEach, describe, expect, it } from 'vitest';
import { accessLine, type LineFields, reroutedLine, unservedLine } from '../../test/access-lines.ts';
import { parseLine } from '../request/parse.ts';
import { maxReleases } from './releases.ts';
import { RequestCounts } from './requests.ts';

const noon = Date.UTC(2025, 10, 23, 12);
const hour = 3_600_000;
let counts: RequestCounts;

function count(...lines: readonly string[]): void {
  for (const line of lines) {
    const event = parseLine(line);
    if (typeof event === 'string') throw new Error(event);
    counts.count(event);
  }
}

beforeEach(() => {
  counts = new RequestCounts({ blue: '172.31.240.11:3000', green: '172.31.240.12:3000' });
});

describe('requests', () => {
  it('are counted by who answered and by status class', () => {
    count(accessLine(), accessLine({ status: 404 }), accessLine({ status: 301 }), reroutedLine(), unservedLine());
    count(accessLine({ status: 101 }), accessLine({ pool: 'green', status: 500 }));
    const [blue, green, none] = counts.requests;
    expect(blue).toEqual([1, 1, 1, 1, 0]);
    expect(green).toEqual([0, 1, 0, 0, 1]);
    expect(none).toEqual([0, 0, 0, 0, 1]);
  });

  it('count their whole duration for the pool that answered', () => {
    count(reroutedLine({ tookMs: 40, responseTime: '0.030, 0.010' }));
    expect(counts.durations.map(({ sumMs }) => sumMs)).toEqual([0, 40, 0]);
  });

  it('have no duration if they are WebSockets', () => {
    count(accessLine({ status: 101, tookMs: 600_000 }), accessLine({ tookMs: 7 }));
    expect(counts.durations.map(({ sumMs }) => sumMs)).toEqual([7, 0, 0]);
  });

  it('fail with a 5xx or when cut off, but not if the failure was masked', () => {
    count(accessLine(), reroutedLine(), unservedLine(), accessLine({ status: 500 }), accessLine({ length: '20' }));
    expect([counts.visitors, counts.failedForVisitors, counts.cutOff]).toEqual([5, 3, 1]);
  });

  it('for the maintenance page are no failures and do not count for the SLO', () => {
    count(accessLine({ pool: '-', status: 503, upstreamStatus: '-', upstreamAddr: '-', headerTime: '-' }));
    expect([counts.visitors, counts.failedForVisitors]).toEqual([0, 0]);
  });
});

describe('visitors who left before an answer', () => {
  it('count neither as good nor as failed', () => {
    const addresses = '172.31.240.11:3000, 172.31.240.12:3000';
    const left: LineFields = { pool: '-', status: 499, upstreamStatus: '-', headerTime: '-' };
    count(accessLine({ ...left, upstreamAddr: '172.31.240.11:3000' }));
    count(accessLine({ ...left, upstreamStatus: '504, -', upstreamAddr: addresses, headerTime: '-, -' }));
    expect([counts.visitors, counts.failedForVisitors, counts.left]).toEqual([0, 0, 2]);
    expect(counts.requests[2]).toEqual([0, 0, 0, 2, 0]);
    expect(counts.attempts.map(({ total, failed, masked }) => [total, failed, masked])).toEqual([
      [1, 1, 0],
      [0, 0, 0],
    ]);
  });
});

describe('attempts', () => {
  it('are counted by pool, with their time to the first byte', () => {
    count(accessLine({ headerTime: '0.004', responseTime: '3.000', tookMs: 3_000 }), reroutedLine(), unservedLine());
    count(accessLine({ headerTime: '0.006', length: '20' }));
    const seen = counts.attempts.map(({ total, failed, firstByte }) => [total, failed, firstByte.sumMs]);
    expect(seen).toEqual([
      [4, 3, 10],
      [2, 1, 4],
    ]);
  });

  it('that failed are masked only if the other pool answered', () => {
    count(reroutedLine(), reroutedLine({ active: 'green' }), reroutedLine({ active: 'green' }), unservedLine());
    count(reroutedLine({ length: '0, 20' }));
    expect(counts.attempts.map(({ masked }) => masked)).toEqual([1, 2]);
  });

  it('are not counted if no pool was tried', () => {
    count(accessLine({ status: 502, upstreamAddr: 'blue_first' }));
    expect(counts.attempts.map(({ total }) => total)).toEqual([0, 0]);
  });
});

describe('answers that are not HTTP', () => {
  it('count as failed and as 5xx; a WebSocket does not', () => {
    count(accessLine({ status: 9, upstreamStatus: '200' }), accessLine({ status: 100 }), accessLine({ status: 101 }));
    expect(counts.requests[0]).toEqual([1, 0, 0, 0, 2]);
    expect([counts.visitors, counts.failedForVisitors]).toEqual([3, 2]);
    expect(counts.attempts.map(({ total, failed }) => [total, failed])).toEqual([
      [3, 2],
      [0, 0],
    ]);
  });

  it('are masked if the other pool answered instead', () => {
    count(reroutedLine({ upstreamStatus: '099 : 200', headerTime: '0.001 : 0.004' }));
    expect(counts.attempts[0]?.masked).toBe(1);
  });
});

describe('releases', () => {
  const answered = (release: string, fields: LineFields = {}) => accessLine({ startMs: noon, ...fields, release });
  const seen = () => [...counts.releases].map(({ pool, release, counts: [, good] }) => [pool, release, good]);

  it('are counted separately, and by pool', () => {
    count(answered('1.0'), answered('1.0'), answered('1.1', { pool: 'green' }), answered('1.0', { pool: 'green' }));
    expect(seen()).toEqual([
      ['blue', '1.0', 2],
      ['green', '1.1', 1],
      ['green', '1.0', 1],
    ]);
  });

  it('beyond the limit count as "other"', () => {
    for (let index = 0; index < 100; index++) count(answered(`made-up-${index}`));
    expect(seen()).toHaveLength(maxReleases + 1);
    expect(seen().at(-1)).toEqual(['blue', 'other', 100 - maxReleases]);
  });

  it('that no longer answer are replaced by new ones', () => {
    for (let index = 0; index < maxReleases; index++) count(answered(`1.${index}`));
    count(answered('2.0'));
    expect(seen().at(-1)).toEqual(['blue', 'other', 1]);
    count(answered('1.1', { startMs: noon + hour }), answered('2.0', { startMs: noon + hour + 60_000 }));
    const names = seen().map(([, release]) => release);
    expect(names).toContain('2.0');
    expect(names).toContain('1.1');
    expect(names).not.toContain('1.0');
  });

  it('that are missing, malformed or named "other" count as "other"', () => {
    count(answered('-'), answered('other'), answered('a;b'), answered(`${'x'.repeat(65)}`));
    expect(seen()).toEqual([['blue', 'other', 4]]);
  });
});
