import { describe, expect, it } from 'vitest';
import { otherPool } from '../settings/pool.ts';
import { eventually } from './condition.ts';
import { expectAllServed, heldMs, type ProofSite, releasesOf } from './proof-site.ts';
import { expectDone } from './stack.ts';

/** Steps of a deploy, by the words that its progress begins with. */
const steps = ['drain', 'replace', 'health', 'smoke', 'pre-switch hook', 'canary 5%', 'switch', 'bake'] as const;
type Step = (typeof steps)[number];

/**
 * A deploy that is cut short at each of its steps. The next one begins where that one left off and comes one step further, and
 * the last one goes through: whatever an interruption leaves, a plain deploy is the way on.
 */
export function describeInterruptions(site: () => ProofSite): void {
  /** Starts a deploy that cannot have passed a step by the time it is interrupted there. */
  async function deployUntil(step: Step, name: string) {
    const smoke = step === 'smoke' ? `sleep ${heldMs / 1_000}; true` : 'true';
    const canary = step === 'canary 5%' ? ['--canary', '5%'] : [];
    const deploy = site().startDeploy(name, '--smoke', smoke, ...canary, '--bake', `${heldMs / 1_000}s`);
    // A hook says nothing before it ends; what comes before it does.
    await deploy.says(step === 'pre-switch hook' ? /^ ok smoke/m : new RegExp(`^ {4}${step} …$`, 'm'));
    if (step === 'canary 5%') await eventually('the canary', async () => (await site().told()).canaryPercent === 5);
    return deploy;
  }
  const nameFor = (how: string, step: Step) =>
    `good-${how}-${step === 'pre-switch hook' ? 'hook' : step.split(' ')[0]}`;
  const isSwitched = (step: Step) => step === 'bake';

  describe('Ctrl-C', () => {
    it.each(steps)('at "%s" ends in order', async (step) => {
      const before = await site().bothUp();
      const standby = otherPool(before.edge.active);
      const name = nameFor('stopped', step);
      const { channel } = site().ground;
      await channel.forget();
      const deploy = await deployUntil(step, name);
      const startedAt = Date.now();
      deploy.interrupt();
      expect(await deploy.exitCode, deploy.output()).toBe(1);
      expect(Date.now() - startedAt).toBeLessThan(heldMs);
      const tally = site().taken();
      const told = await site().expectStatusTrue();
      expect(told.canaryPercent).toBe(0);
      expect(told.deploy).toBeUndefined();
      if (step !== 'switch') expect(told.edge.active).toBe(isSwitched(step) ? standby : before.edge.active);
      const isLive = told.edge.active === standby;
      expect(releasesOf(told)).toEqual({ ...releasesOf(before), ...(isLive ? { [standby]: name } : {}) });
      expect(deploy.output()).toContain(isLive ? 'its bake was interrupted' : ': interrupted');
      if (step === 'canary 5%') expect((await channel.expect('Canary off: ')).text).not.toContain('did badly');
      if (step === 'bake') await channel.expect(`Deploy finished, not monitored: ${name}`);
      expectAllServed(`Ctrl-C at "${step}"`, await tally);
    });
  });

  describe('kill -9', () => {
    it.each(steps)('at "%s" leaves what status tells', async (step) => {
      const { edge } = await site().told();
      const name = nameFor('killed', step);
      const idleUrl = `http://127.0.0.1:${site().stack.ports[otherPool(edge.active)]}`;
      // The old release has something to end, so that the deploy is killed while it goes and before the new one comes.
      const last = step === 'replace' ? fetch(`${idleUrl}/slow?ms=3000`) : undefined;
      const deploy = await deployUntil(step, name);
      if (last !== undefined) {
        await eventually('the old release to go', () =>
          fetch(`${idleUrl}/healthz`).then(
            ({ ok }) => !ok,
            () => true,
          ),
        );
      }
      deploy.kill();
      expect(await deploy.exitCode).toBeUndefined();
      expect((await last)?.status ?? 200).toBe(200);
      await site().bothUp();
      const tally = site().taken();
      const told = await site().expectStatusTrue();
      expect(told.deploy).toMatchObject({ alive: false });
      if (step !== 'switch') expect(told.edge.active).toBe(isSwitched(step) ? otherPool(edge.active) : edge.active);
      if (step === 'canary 5%') {
        const { stdout } = expectDone(await site().stack.bluegreen('status'));
        expect(stdout).toMatch(/^A deploy of \S+ by .* \(pid \d+, .*\) was interrupted; /m);
        expect(told.canaryPercent).toBe(5);
        expectDone(await site().stack.bluegreen('canary', 'off'));
      }
      expectAllServed(`kill -9 at "${step}"`, await tally);
    });

    it('leaves a lock that the next deploy takes over, and a site that it goes through on', async () => {
      const to = otherPool((await site().told()).edge.active);
      const { stderr } = await site().expectDeployed('good-after-all', '--bake', '2s');
      expect(stderr).toMatch(/was interrupted; this deploy takes over/);
      await site().expectServedBy(to);
      expect(await site().stack.ask()).toMatchObject({ pool: to, release: 'good-after-all' });
      const tally = site().taken();
      expect((await site().expectStatusTrue()).deploy).toBeUndefined();
      expectAllServed('a plain deploy after it all', await tally);
    });
  });
}
