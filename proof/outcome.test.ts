import { describe, expect, it } from 'vitest';
import type { Pool } from '../settings/pool.ts';
import type { Sample } from './failover-load.ts';
import { outcomeOf } from './outcome.ts';

const moments = { brokenAt: 3_000, injectedAt: 3_100, repairingAt: 8_000 };
const next = { status: 200, pool: 'green' };

/** A response every 10 ms. */
function answered(poolAt: (ms: number) => Pool): Sample[] {
  return Array.from({ length: 1_000 }, (_, index) => ({
    endedAt: index * 10 + 5,
    tookMs: 2,
    status: 200,
    pool: poolAt(index * 10),
    release: '1',
    failure: undefined,
  }));
}

describe('the outcome of the failover proof', () => {
  it('has no fault if the standby serves until the pool is repaired', () => {
    const samples = answered((ms) => (ms < 3_200 || ms >= 8_050 ? 'blue' : 'green'));
    const outcome = outcomeOf(samples, { name: 'stop', lasting: true }, moments, 'blue', next);
    expect(outcome).toMatchObject({ faults: [], failed: 0, failoverMs: 205, recoveryMs: 55 });
  });

  it('counts the recovery from right before the repair command, so that it is never negative', () => {
    // The repair command returns long after it has taken effect.
    const samples = answered((ms) => (ms < 3_200 || ms >= 8_000 ? 'blue' : 'green'));
    const { recoveryMs } = outcomeOf(samples, { name: 'freeze', lasting: true }, moments, 'blue', next);
    expect(recoveryMs).toBe(5);
  });

  it('proves nothing if the fault never showed, even one that ends without a command', () => {
    const samples = answered(() => 'blue');
    expect(outcomeOf(samples, { name: 'restart', lasting: false }, moments, 'blue', undefined).faults).toEqual([
      'green never answered: the fault had no effect',
    ]);
  });

  it('does not count a failed request as a response of the standby', () => {
    const samples = answered((ms) => (ms < 3_200 || ms >= 8_050 ? 'blue' : 'green')).map((sample) =>
      sample.endedAt === 3_205 ? { ...sample, status: 502, failure: 'status 502' } : sample,
    );
    const outcome = outcomeOf(samples, { name: 'stop', lasting: true }, moments, 'blue', next);
    expect(outcome).toMatchObject({ failed: 1, failoverMs: 215, faults: ['a request failed: status 502'] });
  });
});
