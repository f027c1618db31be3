import { describe, expect, it } from 'vitest';
import { otherPool } from '../settings/pool.ts';
import { eventually } from './condition.ts';
import type { ProofSite } from './proof-site.ts';
import { expectDone } from './stack.ts';

/** The state of the site after the machine has gone down and come up again. */
export function describeReboot(site: () => ProofSite): void {
  describe('a reboot', () => {
    it('changes neither the active pool nor the releases of the pools', async () => {
      const before = await site().bothUp();
      await site().end();
      const { setup } = site();
      await setup.powerCut();
      await setup.powerOn();
      await eventually('the site to serve', async () => (await site().stack.ask()).status === 200, 60_000);
      await site().bothUp();
      const after = await site().expectAccurateStatus();
      expect(after.edge).toEqual(before.edge);
      expect(after.pools).toEqual(before.pools);
      site().begin();
      expectDone(await site().stack.bluegreen('switch', otherPool(after.edge.active)));
      await site().end();
    });
  });
}
