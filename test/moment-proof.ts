import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { otherPool } from '../settings/pool.ts';
import { expectAllServed, type ProofSite, type StatusReport } from './proof-site.ts';
import { expectDone } from './stack.ts';

/** As a share of the command's run time: it reads its settings, asks, writes, and waits until the edge follows. */
const interruptions = [
  ['interrupt', 0.35],
  ['kill', 0.6],
] as const;

/** Commands that take effect at once, interrupted early and late: they have taken effect or they have not. */
export function describeMoments(site: () => ProofSite): void {
  describe('interrupted at any moment', () => {
    it.each([
      ['switch', ({ edge }: StatusReport) => ['switch', otherPool(edge.active)]],
      ['rollback', () => ['rollback']],
      ['canary', ({ canaryPercent }: StatusReport) => ['canary', canaryPercent > 0 ? 'off' : '30%']],
      ['maintenance', ({ edge }: StatusReport) => ['maintenance', edge.maintenance ? 'off' : 'on']],
    ])('%s: status shows what visitors get', async (name, commandFor) => {
      if (name === 'maintenance') site().load.expect('either');
      let report = await site().bothUp();
      const startedAt = performance.now();
      expectDone(await site().stack.bluegreen(...commandFor(report)));
      const tookMs = performance.now() - startedAt;
      const completed = await site().expectAccurateStatus();
      expect(stateOf(completed)).not.toBe(stateOf(report));
      report = completed;
      let done = 0;
      for (const [how, moment] of interruptions) {
        const before = report;
        const command = site().stack.start(...commandFor(report));
        await delay(tookMs * moment);
        command[how]();
        const exitCode = await command.exitCode;
        report = await site().expectAccurateStatus();
        const isDone = stateOf(report) !== stateOf(before);
        if (isDone) done++;
        // It reports success only if it has taken effect.
        if (exitCode === 0) expect(isDone).toBe(true);
      }
      console.log(`${name}: of ${interruptions.length} that were interrupted, ${done} had taken effect`);
      if (report.canaryPercent > 0) expectDone(await site().stack.bluegreen('canary', 'off'));
      if (report.edge.maintenance) expectDone(await site().stack.bluegreen('maintenance', 'off'));
      site().load.expect('served');
      expectAllServed(`${name}, interrupted`, await site().takeTally());
    });
  });
}

function stateOf({ edge, canaryPercent }: StatusReport): string {
  return JSON.stringify([edge.active, edge.maintenance, canaryPercent]);
}
