import { afterAll, beforeAll, describe } from 'vitest';
import { describeCanaries } from './canary-proof.ts';
import { describeInterruptions } from './interruption-proof.ts';
import { describeMoments } from './moment-proof.ts';
import { type EngineSetup, ProofSite } from './proof-site.ts';
import { describeReboot } from './reboot-proof.ts';
import { describeReleases } from './release-proof.ts';
import { describeSwitches } from './switch-proof.ts';

/**
 * All operations under one steady load: no request fails unless HTTP forbids repeating it, and `status` is accurate
 * afterwards.
 */
export function describeDeployProof(engine: string, create: () => Promise<EngineSetup>): void {
  describe(`under a steady load on the ${engine} engine`, () => {
    let opened: ProofSite | undefined;
    const site = (): ProofSite => {
      if (opened === undefined) throw new Error('the site has not been opened');
      return opened;
    };

    beforeAll(async () => {
      opened = new ProofSite(await create());
      await opened.open();
      opened.begin();
    });

    afterAll(() => opened?.remove());

    describeReleases(site);
    describeSwitches(site);
    describeCanaries(site);
    describeInterruptions(site);
    describeMoments(site);
    describeReboot(site);
  });
}
