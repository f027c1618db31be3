import { describe, expect, it } from 'vitest';
import type { Pool } from '../settings/pool.ts';
import type { Sample } from './failover-load.ts';
import { outcomeOf } from './outcome.ts';

const moments = { brokenAt: 3_000, injectedAt: 3_100, healingAt: 8_000 };
const next = { status: 200, pool: 'green' };

/** An answer in each 10 ms. */
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

describe('what the failover proof concludes', () => {
  it('is that all is well where the standby serves until the pool is healed', () => {
    const samples = answered((ms) => (ms < 3_200 || ms >= 8_050 ? 'blue' : 'green'));
    const outcome = outcomeOf(samples, { name: 'stop', lasting: true }, moments, 'blue', next);
    expect(outcome).toMatchObject({ faults: [], failed: 0, failoverMs: 205, recoveryMs: 55 });
  });

  it('counts a recovery from before the command that heals, so that none is negative', () => {
    // The command that heals returns long after its effect.
    const samples = answered((ms) => (ms < 3_200 || ms >= 8_000 ? 'blue' : 'green'));
    const { recoveryMs } = outcomeOf(samples, { name: 'freeze', lasting: true }, moments, 'blue', next);
    expect(recoveryMs).toBe(5);
  });

  it('is nothing where the fault never showed, also one that heals itself', () => {
    const samples = answered(() => 'blue');
    expect(outcomeOf(samples, { name: 'restart', lasting: false }, moments, 'blue', undefined).faults).toEqual([
      'green never answered: the fault did not show',
    ]);
  });

  it('takes no failure for an answer', () => {
    const samples = answered((ms) => (ms < 3_200 || ms >= 8_050 ? 'blue' : 'green')).map((sample) =>
      sample.endedAt === 3_205 ? { ...sample, status: 502, failure: 'status 502' } : sample,
    );
    const outcome = outcomeOf(samples, { name: 'stop', lasting: true }, moments, 'blue', next);
    expect(outcome).toMatchObject({ failed: 1, failoverMs: 215, faults: ['a request failed: status 502'] });
  });
});
