import { describe, expect, it } from 'vitest';
import { otherPool } from '../settings/pool.ts';
import { expectAllServed, type ProofSite } from './proof-site.ts';
import { expectDone } from './stack.ts';

const switches = 20;
const rollbacks = 3;

/** Operations that take effect at once. */
export function describeSwitches(site: () => ProofSite): void {
  describe('operations that take effect at once', () => {
    it(`${switches} switches in a row, each in force when the command returns`, async () => {
      let { active } = (await site().bothUp()).edge;
      for (let count = 0; count < switches; count++) {
        active = otherPool(active);
        expectDone(await site().stack.bluegreen('switch', active));
        await site().expectServedBy(active);
      }
      const tally = site().takeTally();
      await site().expectAccurateStatus();
      expectAllServed(`${switches} switches`, await tally);
    });

    it('rollbacks back and forth', async () => {
      const tookMs: number[] = [];
      const { active } = (await site().bothUp()).edge;
      for (let count = 1; count <= rollbacks; count++) {
        const startedAt = performance.now();
        expectDone(await site().stack.bluegreen('rollback'));
        tookMs.push(Math.round(performance.now() - startedAt));
        await site().expectServedBy(count % 2 === 1 ? otherPool(active) : active);
      }
      const median = tookMs.toSorted((a, b) => a - b)[Math.floor(rollbacks / 2)];
      console.log(`a rollback takes ${median} ms (median of ${rollbacks}: ${tookMs.join(', ')})`);
      const tally = site().takeTally();
      await site().expectAccurateStatus();
      expectAllServed(`${rollbacks} rollbacks`, await tally);
    });

    it('maintenance: visitors are asked to retry, and are served again afterwards', async () => {
      site().load.expect('either');
      expectDone(await site().stack.bluegreen('maintenance', 'on'));
      site().load.expect('maintenance');
      expect((await site().statusReport()).edge.maintenance).toBe(true);
      expect((await site().stack.ask()).status).toBe(503);
      expect((await site().stack.ask('/.bluegreen/healthz')).status).toBe(200);
      site().load.expect('either');
      expectDone(await site().stack.bluegreen('maintenance', 'off'));
      site().load.expect('served');
      const tally = site().takeTally();
      await site().expectAccurateStatus();
      expectAllServed('maintenance on and off', await tally);
      expect((await tally).turnedAway).toBeGreaterThan(0);
    });
  });
}
