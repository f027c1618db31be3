import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { otherPool } from '../settings/pool.ts';
import { expectAllServed, type ProofSite, type Told } from './proof-site.ts';
import { expectDone } from './stack.ts';

/** Of the time that the command takes: it reads its settings, asks, writes, and waits until the edge follows. */
const cuts = [
  ['interrupt', 0.35],
  ['kill', 0.6],
] as const;

/** Commands that take effect at once, cut short early and late: they have done their work or they have not. */
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
      const startedAt = performance.now();
      expectDone(await site().stack.bluegreen(...commandFor(told)));
      const tookMs = performance.now() - startedAt;
      const whole = await site().expectStatusTrue();
      expect(stateOf(whole)).not.toBe(stateOf(told));
      told = whole;
      let done = 0;
      for (const [how, moment] of cuts) {
        const before = told;
        const command = site().stack.start(...commandFor(told));
        await delay(tookMs * moment);
        command[how]();
        const exitCode = await command.exitCode;
        told = await site().expectStatusTrue();
        const isDone = stateOf(told) !== stateOf(before);
        if (isDone) done++;
        // It says that it is done only where it is.
        if (exitCode === 0) expect(isDone).toBe(true);
      }
      console.log(`${name}: of ${cuts.length} that were cut short, ${done} had done their work`);
      if (told.canaryPercent > 0) expectDone(await site().stack.bluegreen('canary', 'off'));
      if (told.edge.maintenance) expectDone(await site().stack.bluegreen('maintenance', 'off'));
      site().load.expect('served');
      expectAllServed(`${name}, cut short`, await site().taken());
    });
  });
}

function stateOf({ edge, canaryPercent }: Told): string {
  return JSON.stringify([edge.active, edge.maintenance, canaryPercent]);
}
