import { describe, expect, it } from 'vitest';
import { otherPool } from '../settings/pool.ts';
import { eventually } from './condition.ts';
import { expectAllServed, holdMs, type ProofSite, releasesOf } from './proof-site.ts';
import { expectDone } from './stack.ts';

/** Steps of a deploy, as its progress names them. */
const steps = ['drain', 'replace', 'health', 'smoke', 'pre-switch hook', 'canary 5%', 'switch', 'bake'] as const;
type Step = (typeof steps)[number];

/**
 * Deploys that are interrupted at each step. Each starts from what the one before has left and gets one step further, and the
 * last one succeeds: whatever an interruption leaves, a plain deploy is the remedy.
 */
export function describeInterruptions(site: () => ProofSite): void {
  /** Starts a deploy and waits for a step, which lasts until the deploy is interrupted. */
  async function deployUntil(step: Step, name: string) {
    const smoke = step === 'smoke' ? `sleep ${holdMs / 1_000}; true` : 'true';
    const canary = step === 'canary 5%' ? ['--canary', '5%'] : [];
    const deploy = site().startDeploy(name, '--smoke', smoke, ...canary, '--bake', `${holdMs / 1_000}s`);
    // A hook prints nothing before it ends, so wait for the step before it.
    await deploy.says(step === 'pre-switch hook' ? /^ ok smoke/m : new RegExp(`^ {4}${step} …$`, 'm'));
    if (step === 'canary 5%')
      await eventually('the canary', async () => (await site().statusReport()).canaryPercent === 5);
    return deploy;
  }
  const nameFor = (how: string, step: Step) =>
    `good-${how}-${step === 'pre-switch hook' ? 'hook' : step.split(' ')[0]}`;
  const isSwitched = (step: Step) => step === 'bake';

  describe('Ctrl-C', () => {
    it.each(steps)('at "%s" stops gracefully', async (step) => {
      const before = await site().bothUp();
      const standby = otherPool(before.edge.active);
      const name = nameFor('stopped', step);
      const { channel } = site().setup;
      await channel.forget();
      const deploy = await deployUntil(step, name);
      const startedAt = Date.now();
      deploy.interrupt();
      expect(await deploy.exitCode, deploy.output()).toBe(1);
      expect(Date.now() - startedAt).toBeLessThan(holdMs);
      const tally = site().takeTally();
      const report = await site().expectAccurateStatus();
      expect(report.canaryPercent).toBe(0);
      expect(report.deploy).toBeUndefined();
      if (step !== 'switch') expect(report.edge.active).toBe(isSwitched(step) ? standby : before.edge.active);
      const isNewActive = report.edge.active === standby;
      expect(releasesOf(report)).toEqual({ ...releasesOf(before), ...(isNewActive ? { [standby]: name } : {}) });
      expect(deploy.output()).toContain(isNewActive ? 'its bake was interrupted' : ': interrupted');
      if (step === 'canary 5%') expect((await channel.expect('Canary off: ')).text).not.toContain('failed');
      if (step === 'bake') await channel.expect(`Deploy finished, not monitored: ${name}`);
      expectAllServed(`Ctrl-C at "${step}"`, await tally);
    });
  });

  describe('kill -9', () => {
    it.each(steps)('at "%s" leaves a state that status shows accurately', async (step) => {
      const { edge } = await site().statusReport();
      const name = nameFor('killed', step);
      const standbyUrl = `http://127.0.0.1:${site().stack.ports[otherPool(edge.active)]}`;
      // A request keeps the old release from stopping, so that the deploy is killed before the new one starts.
      const inFlight = step === 'replace' ? fetch(`${standbyUrl}/slow?ms=3000`) : undefined;
      const deploy = await deployUntil(step, name);
      if (inFlight !== undefined) {
        await eventually('the old release to stop', () =>
          fetch(`${standbyUrl}/healthz`).then(
            ({ ok }) => !ok,
            () => true,
          ),
        );
      }
      deploy.kill();
      expect(await deploy.exitCode).toBeUndefined();
      expect((await inFlight)?.status ?? 200).toBe(200);
      await site().bothUp();
      const tally = site().takeTally();
      const report = await site().expectAccurateStatus();
      expect(report.deploy).toMatchObject({ alive: false });
      if (step !== 'switch') expect(report.edge.active).toBe(isSwitched(step) ? otherPool(edge.active) : edge.active);
      if (step === 'canary 5%') {
        const { stdout } = expectDone(await site().stack.bluegreen('status'));
        expect(stdout).toMatch(/^A deploy of \S+ by .* \(pid \d+, .*\) was interrupted; /m);
        expect(report.canaryPercent).toBe(5);
        expectDone(await site().stack.bluegreen('canary', 'off'));
      }
      expectAllServed(`kill -9 at "${step}"`, await tally);
    });

    it('leaves a lock that the next deploy takes over, and a site that can be deployed to', async () => {
      const to = otherPool((await site().statusReport()).edge.active);
      const { stderr } = await site().expectDeployed('good-after-all', '--bake', '2s');
      expect(stderr).toMatch(/was interrupted; this deploy takes over/);
      await site().expectServedBy(to);
      expect(await site().stack.ask()).toMatchObject({ pool: to, release: 'good-after-all' });
      const tally = site().takeTally();
      expect((await site().expectAccurateStatus()).deploy).toBeUndefined();
      expectAllServed('a plain deploy afterwards', await tally);
    });
  });
}
