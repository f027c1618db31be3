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
  it('are counted by who answered and by what the visitor got', () => {
    count(accessLine(), accessLine({ status: 404 }), accessLine({ status: 301 }), reroutedLine(), unservedLine());
    count(accessLine({ status: 101 }), accessLine({ pool: 'green', status: 500 }));
    const [blue, green, none] = counts.requests;
    expect(blue).toEqual([1, 1, 1, 1, 0]);
    expect(green).toEqual([0, 1, 0, 0, 1]);
    expect(none).toEqual([0, 0, 0, 0, 1]);
  });

  it('take their time for the pool that answered, whatever the attempts took', () => {
    count(reroutedLine({ tookMs: 40, responseTime: '0.030, 0.010' }));
    expect(counts.durations.map(({ sumMs }) => sumMs)).toEqual([0, 40, 0]);
  });

  it('take no time where they are WebSockets, which last as long as somebody looks', () => {
    count(accessLine({ status: 101, tookMs: 600_000 }), accessLine({ tookMs: 7 }));
    expect(counts.durations.map(({ sumMs }) => sumMs)).toEqual([7, 0, 0]);
  });

  it('have failed with a 5xx and where they broke off, but not where the other pool made it good', () => {
    count(accessLine(), reroutedLine(), unservedLine(), accessLine({ status: 500 }), accessLine({ length: '20' }));
    expect([counts.visitors, counts.failedForVisitors, counts.cutOff]).toEqual([5, 3, 1]);
  });

  it('that got the maintenance page are no failures, and no requests of the objective', () => {
    count(accessLine({ pool: '-', status: 503, upstreamStatus: '-', upstreamAddr: '-', headerTime: '-' }));
    expect([counts.visitors, counts.failedForVisitors]).toEqual([0, 0]);
  });
});

describe('visitors who left before an answer', () => {
  it('got neither a good one nor a failed one', () => {
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
  it('are counted by the pool that was asked, with their time to the first byte', () => {
    count(accessLine({ headerTime: '0.004', responseTime: '3.000', tookMs: 3_000 }), reroutedLine(), unservedLine());
    count(accessLine({ headerTime: '0.006', length: '20' }));
    const seen = counts.attempts.map(({ total, failed, firstByte }) => [total, failed, firstByte.sumMs]);
    expect(seen).toEqual([
      [4, 3, 10],
      [2, 1, 4],
    ]);
  });

  it('that failed are masked where the other pool made them good, and only there', () => {
    count(reroutedLine(), reroutedLine({ active: 'green' }), reroutedLine({ active: 'green' }), unservedLine());
    count(reroutedLine({ length: '0, 20' }));
    expect(counts.attempts.map(({ masked }) => masked)).toEqual([1, 2]);
  });

  it('at no pool are none', () => {
    count(accessLine({ status: 502, upstreamAddr: 'blue_first' }));
    expect(counts.attempts.map(({ total }) => total)).toEqual([0, 0]);
  });
});

describe('releases', () => {
  const answered = (release: string, fields: LineFields = {}) => accessLine({ startMs: noon, ...fields, release });
  const seen = () => [...counts.releases].map(({ pool, release, counts: [, good] }) => [pool, release, good]);

  it('are told apart, also by pool', () => {
    count(answered('1.0'), answered('1.0'), answered('1.1', { pool: 'green' }), answered('1.0', { pool: 'green' }));
    expect(seen()).toEqual([
      ['blue', '1.0', 2],
      ['green', '1.1', 1],
      ['green', '1.0', 1],
    ]);
  });

  it('that come in numbers are one', () => {
    for (let index = 0; index < 100; index++) count(answered(`made-up-${index}`));
    expect(seen()).toHaveLength(maxReleases + 1);
    expect(seen().at(-1)).toEqual(['blue', 'other', 100 - maxReleases]);
  });

  it('that nobody runs any more give their place to new ones', () => {
    for (let index = 0; index < maxReleases; index++) count(answered(`1.${index}`));
    count(answered('2.0'));
    expect(seen().at(-1)).toEqual(['blue', 'other', 1]);
    count(answered('1.1', { startMs: noon + hour }), answered('2.0', { startMs: noon + hour + 60_000 }));
    const names = seen().map(([, release]) => release);
    expect(names).toContain('2.0');
    expect(names).toContain('1.1');
    expect(names).not.toContain('1.0');
  });

  it('that are none, or are called as what has no place, have none', () => {
    count(answered('-'), answered('other'), answered('a;b'), answered(`${'x'.repeat(65)}`));
    expect(seen()).toEqual([['blue', 'other', 4]]);
  });
});
