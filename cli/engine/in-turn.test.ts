import { describe, expect, it } from 'vitest';
import type { Pool } from '../../settings/pool.ts';
import { inTurn } from './in-turn.ts';

/** Pools that are down for a while after they were renewed. */
function stack({ changed, downMs = 0 }: { readonly changed: readonly Pool[]; readonly downMs?: number }) {
  const renewed: { readonly pool: Pool; readonly atMs: number }[] = [];
  return {
    renewed,
    active: async (): Promise<Pool> => 'blue',
    async renew(pool: Pool) {
      if (!changed.includes(pool)) return false;
      renewed.push({ pool, atMs: Date.now() });
      return true;
    },
    async isDown(pool: Pool) {
      const last = renewed.findLast((renewal) => renewal.pool === pool);
      return last !== undefined && Date.now() - last.atMs < downMs;
    },
  };
}

describe('both pools get new settings', () => {
  it('one after the other, the standby first, and the active one only when the standby has been up for a while', async () => {
    const pools = stack({ changed: ['blue', 'green'], downMs: 300 });
    await inTurn(pools);
    expect(pools.renewed.map(({ pool }) => pool)).toEqual(['green', 'blue']);
    const [first, second] = pools.renewed;
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThan(1_500 + 200);
  });

  it('without waiting if nothing changes', async () => {
    const pools = stack({ changed: [] });
    const beganMs = Date.now();
    await inTurn(pools);
    expect(Date.now() - beganMs).toBeLessThan(1_000);
  });

  it('but the active pool stays as it is if the standby does not come up', { timeout: 90_000 }, async () => {
    const pools = stack({ changed: ['blue', 'green'], downMs: 120_000 });
    await expect(inTurn({ ...pools, deadlineMs: 200 })).rejects.toThrow(
      'app_green does not become healthy with the new settings; app_blue keeps the old ones',
    );
    expect(pools.renewed.map(({ pool }) => pool)).toEqual(['green']);
  });
});
