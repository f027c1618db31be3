import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, it } from 'vitest';
import { otherPool } from '../settings/pool.ts';
import { expectAllServed, type ProofSite, type Told } from './proof-site.ts';
import { expectDone } from './stack.ts';

/** A command lasts for about half a second; most of it is over before it does anything. */
const earliestMs = 200;
const latestMs = 500;

/** Commands that take effect at once, cut short at any moment: they have done their work or they have not. */
export function describeMoments(site: () => ProofSite): void {
  describe('cut short at any moment', () => {
    it.each([
      ['switch', ({ edge }: Told) => ['switch', otherPool(edge.active)]],
      ['rollback', () => ['rollback']],
      ['canary', ({ canaryPercent }: Told) => ['canary', canaryPercent > 0 ? 'off' : '30%']],
      ['maintenance', ({ edge }: Told) => ['maintenance', edge.maintenance ? 'off' : 'on']],
    ])('%s: what status tells is what visitors get', async (name, commandFor) => {
      if (name === 'maintenance') site().load.expect('either');
      let told = await site().bothUp();
      for (const how of ['interrupt', 'kill'] as const) {
        const command = site().stack.start(...commandFor(told));
        await delay(randomInt(earliestMs, latestMs));
        command[how]();
        await command.exitCode;
        told = await site().expectStatusTrue();
      }
      if (told.canaryPercent > 0) expectDone(await site().stack.bluegreen('canary', 'off'));
      if (told.edge.maintenance) expectDone(await site().stack.bluegreen('maintenance', 'off'));
      site().load.expect('served');
      expectAllServed(`${name}, cut short`, await site().taken());
    });
  });
}
