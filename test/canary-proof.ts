import { describe, expect, it } from 'vitest';
import { otherPool } from '../settings/pool.ts';
import { expectAllServed, type ProofSite, releasesOf } from './proof-site.ts';
import { expectDone } from './stack.ts';
import { unrepeatable } from './tally.ts';

/** Releases that a share of the visitors gets first. */
export function describeCanaries(site: () => ProofSite): void {
  describe('a canary', () => {
    it('is sent more visitors step by step, then all of them', async () => {
      const to = otherPool((await site().bothUp()).edge.active);
      const { stderr } = expectDone(await site().deploy('good-canary', '--canary', '5%,25%,50%', '--bake', '2s'));
      for (const percent of [5, 25, 50]) {
        expect(stderr).toMatch(new RegExp(`ok canary ${percent}% \\(.*\\): [1-9]\\d* requests in .*, 0\\.00% failed`));
      }
      const tally = site().takeTally();
      const report = await site().expectAccurateStatus();
      expect(report).toMatchObject({ canaryPercent: 0, edge: { active: to } });
      expectAllServed('a canary of 5%, 25% and 50%', await tally);
    });

    it('that fails is ended, and the alert says that some visitors got it', async () => {
      const before = await site().bothUp();
      const { channel } = site().setup;
      await channel.untilQuiet();
      await channel.forget();
      const { exitCode, stderr } = await site().deploy('tired-canary', '--canary', '25%,50%', '--bake', '5s');
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(/deploy of tired-canary failed at canary \d+%: \d+ of \d+ requests failed/);
      const tally = site().takeTally();
      const report = await site().expectAccurateStatus();
      expect(report).toMatchObject({ canaryPercent: 0, edge: { active: before.edge.active } });
      expect(releasesOf(report)).toEqual(releasesOf(before));
      expect((await channel.expect('Canary off: ')).text).toMatch(/\(tired-canary\) failed\n/);
      expect((await channel.expect('Deploy failed at canary ')).text).toContain('Some visitors were sent to it.');
      expectAllServed('a canary that fails', await tally, unrepeatable(otherPool(before.edge.active)));
    });
  });
}
