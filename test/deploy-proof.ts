import { afterAll, beforeAll, describe } from 'vitest';
import { describeCanaries } from './canary-proof.ts';
import { describeInterruptions } from './interruption-proof.ts';
import { describeMoments } from './moment-proof.ts';
import { type Ground, ProofSite } from './proof-site.ts';
import { describeReboot } from './reboot-proof.ts';
import { describeReleases } from './release-proof.ts';
import { describeSwitches } from './switch-proof.ts';

/** Steps of a deploy, by the words that its progress begins with. */
export type Step = 'drain' | 'replace' | 'health' | 'smoke' | 'pre-switch hook' | 'canary 5%' | 'switch' | 'bake';

export interface DeployProofOptions {
  readonly create: () => Promise<Ground>;
  /** At which steps a deploy is interrupted. */
  readonly steps: readonly Step[];
  /** Whether the other commands are interrupted too. */
  readonly moments: boolean;
}

/**
 * All that an operator does, under one steady load: no request fails that HTTP allows to be kept, and the state afterwards is
 * the one that `status` tells.
 */
export function describeDeployProof(engine: string, { create, steps, moments }: DeployProofOptions): void {
  describe(`under a steady load on the ${engine} engine`, () => {
    let opened: ProofSite | undefined;
    const site = (): ProofSite => {
      if (opened === undefined) throw new Error('the site is not open');
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
    describeInterruptions(site, steps);
    if (moments) describeMoments(site);
    describeReboot(site);
  });
}
