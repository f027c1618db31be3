import { beforeEach, describe, expect, it } from 'vitest';
import type { PoolCounts } from '../../report/counters.ts';
import { accessLine, reroutedLine, unservedLine } from '../../test/access-lines.ts';
import { parseLine } from '../request/parse.ts';
import { PoolCounters } from './pools.ts';

let counters: PoolCounters;

function count(...lines: readonly string[]): void {
  for (const line of lines) {
    const event = parseLine(line);
    if (typeof event === 'string') throw new Error(event);
    counters.count(event);
  }
}

const sums = ({ requests, failed, latencyMs }: PoolCounts) => ({
  requests,
  failed,
  answered: latencyMs.counts.reduce((sum, one) => sum + one, 0),
});

/** The bound that an answer of `ms` is counted under. */
function boundOf(ms: number): number | undefined {
  counters = new PoolCounters({ blue: '172.31.240.11:3000', green: '172.31.240.12:3000' });
  count(accessLine({ tookMs: 100_000, headerTime: (ms / 1_000).toFixed(3) }));
  const { bounds, counts } = counters.read().blue.latencyMs;
  return bounds[counts.indexOf(1)];
}

beforeEach(() => {
  counters = new PoolCounters({ blue: '172.31.240.11:3000', green: '172.31.240.12:3000' });
});

describe('the counts of a pool', () => {
  it('are of attempts, by the address that was tried', () => {
    count(accessLine(), reroutedLine(), accessLine({ pool: 'green', active: 'blue' }));
    const { blue, green } = counters.read();
    expect(sums(blue)).toEqual({ requests: 2, failed: 1, answered: 1 });
    expect(sums(green)).toEqual({ requests: 2, failed: 0, answered: 2 });
  });

  it('include as failed a 5xx, no answer and an answer that was cut off', () => {
    count(unservedLine(), accessLine({ status: 500 }), accessLine({ length: '20' }), accessLine({ status: 404 }));
    expect(sums(counters.read().blue)).toEqual({ requests: 4, failed: 3, answered: 3 });
    expect(sums(counters.read().green)).toEqual({ requests: 1, failed: 1, answered: 0 });
  });

  it('do not include as failed a client that left before or during the answer', () => {
    count(
      accessLine({ pool: '-', status: 499, upstreamStatus: '-', upstreamAddr: '172.31.240.11:3000', headerTime: '-' }),
      accessLine({ length: '20', completed: '' }),
    );
    expect(sums(counters.read().blue)).toEqual({ requests: 2, failed: 0, answered: 1 });
  });

  it('do not change if no pool was tried', () => {
    count(
      accessLine({ status: 502, upstreamAddr: 'blue_first' }),
      accessLine({ status: 503, pool: '-', upstreamStatus: '-', upstreamAddr: '-' }),
    );
    const { blue, green } = counters.read();
    expect([blue.requests, green.requests]).toEqual([0, 0]);
  });

  it('have times to the first byte under bounds about a quarter apart', () => {
    const { bounds, counts } = counters.read().blue.latencyMs;
    expect([bounds[0], bounds.at(-1), counts.length]).toEqual([1, 60_000, bounds.length + 1]);
    for (const [index, bound] of bounds.entries()) {
      if (index > 0 && bound > 4) expect(bound / (bounds[index - 1] ?? 0)).toBeLessThanOrEqual(1.34);
    }
    expect([0, 1, 2, 5, 7, 60_000, 60_001].map(boundOf)).toEqual([1, 1, 2, 5, 8, 60_000, undefined]);
  });

  it('take the time to the first byte, however long the body takes', () => {
    count(accessLine({ tookMs: 30_000, headerTime: '0.004', responseTime: '30.000' }));
    const { bounds, counts } = counters.read().blue.latencyMs;
    expect(bounds[counts.indexOf(1)]).toBe(4);
  });

  const lost = () => {
    const { blue, green } = counters.read();
    return { blue: `${blue.lost} of ${blue.own}`, green: `${green.lost} of ${green.own}` };
  };
  const both = { pool: 'green', active: 'blue', upstreamAddr: '172.31.240.11:3000, 172.31.240.12:3000' } as const;
  const twice = {
    responseTime: '0.001, 0.001',
    headerTime: '0.001, 0.001',
    length: '0, 57',
    contentLength: '57',
  } as const;

  it('convict a pool of what failed on it and not on the other one, masked or not', () => {
    count(
      accessLine(),
      reroutedLine(),
      accessLine({ ...both, ...twice, status: 200, upstreamStatus: '500, 200' }),
      accessLine({ status: 500 }),
      accessLine({ length: '20' }),
    );
    expect(lost()).toEqual({ blue: '4 of 5', green: '0 of 0' });
  });

  it('convict a pool of what is not HTTP, and of a timeout after which another location tried the other pool', () => {
    count(
      accessLine({ status: 9, upstreamStatus: '200' }),
      accessLine({ status: 99 }),
      reroutedLine({ upstreamStatus: '504 : 200', upstreamAddr: both.upstreamAddr.replace(',', ' :') }),
      accessLine({ status: 101 }),
    );
    expect(lost()).toEqual({ blue: '3 of 4', green: '0 of 0' });
  });

  it('convict a pool of what failed on it if no other was left to try', () => {
    const upstreamAddr = '172.31.240.11:3000, blue_first';
    count(accessLine({ ...both, ...twice, upstreamAddr, status: 502, upstreamStatus: '500, 502' }));
    expect(lost()).toEqual({ blue: '1 of 1', green: '0 of 0' });
  });

  it('convict neither pool of a request that fails on both, nor one that the edge sent past it', () => {
    count(
      unservedLine(),
      accessLine({ ...both, ...twice, status: 500, upstreamStatus: '500, 500' }),
      accessLine({ pool: 'green', active: 'blue' }),
    );
    expect(lost()).toEqual({ blue: '0 of 2', green: '0 of 0' });
  });

  it('convict the standby of what a canary lost on it', () => {
    const canary = { active: 'blue', route: 'canary' } as const;
    count(
      accessLine({ ...canary, pool: 'green' }),
      accessLine({ ...canary, pool: 'green', status: 500 }),
      accessLine({ ...canary, pool: 'blue' }),
    );
    expect(lost()).toEqual({ blue: '0 of 0', green: '1 of 2' });
  });
});
