import { beforeEach, describe, expect, it } from 'vitest';
import { otherPool } from '../settings/pool.ts';
import { expectAllServed, type ProofSite, releasesOf, type StatusReport } from './proof-site.ts';
import { expectDone, type Outcome } from './stack.ts';
import { type Failure, unrepeatable } from './tally.ts';

const variable = (pool: string) => `RELEASE_ID_${pool.toUpperCase()}`;

/** One deploy after another: a healthy release, and each way in which a release can fail. */
export function describeReleases(site: () => ProofSite): void {
  let before: StatusReport;

  beforeEach(async () => {
    before = await site().bothUp();
  });

  /** Expects that a failed deploy has left everything as it was, and that no visitor noticed. */
  async function expectAsBefore(
    { exitCode, stderr }: Outcome,
    scenario: string,
    mayFail?: (failure: Failure) => boolean,
  ): Promise<void> {
    const tally = site().takeTally();
    expect(exitCode).toBe(1);
    const { active } = before.edge;
    expect(stderr).toContain(`${otherPool(active)} is back on ${releasesOf(before)[otherPool(active)]}`);
    const report = await site().expectAccurateStatus();
    expect(report.edge.active).toBe(active);
    expect(report.deploy).toBeUndefined();
    expect(releasesOf(report)).toEqual(releasesOf(before));
    for (const { release, planned } of report.pools) expect(planned).toBe(release);
    expectAllServed(scenario, await tally, mayFail);
  }

  describe('a healthy release', () => {
    it('goes live on the standby, the old one stays warm, and the alerts are sent', async () => {
      const { channel } = site().setup;
      await site().untilAlertsSent();
      await channel.forget();
      const old = before.edge.active;
      const to = otherPool(old);
      const { stdout } = await site().expectDeployed('good-1', '--bake', '2s', '--smoke-path', '/version');
      expect(stdout).toMatch(/^good-1 is active on green, switched in \d+ ms; \d+ requests in .*, 0\.00% failed$/m);
      expect(await site().stack.ask()).toMatchObject({ pool: to, release: 'good-1' });
      const tally = site().takeTally();
      const report = await site().expectAccurateStatus();
      expectAllServed('a deploy of a healthy release', await tally);
      expect(report.edge).toMatchObject({ active: to, serving: to, down: { blue: false, green: false } });
      expect(report.last).toMatchObject({ what: `deploy to ${to}`, release: 'good-1' });
      expect(report.deploy).toBeUndefined();
      expect(releasesOf(report)).toEqual({ ...releasesOf(before), [to]: 'good-1' });
      expect(site().envFile()[variable(to)]).toBe('good-1');
      const { stdout: history } = expectDone(await site().stack.bluegreen('history', '--json'));
      expect(JSON.parse(history).at(-1)).toMatchObject({ release: 'good-1', result: expect.stringMatching(/^active/) });

      for (const words of ['Deploy started', 'Deployed: ', 'Deploy finished']) await channel.expect(words);
      await channel.untilQuiet();
      for (const words of ['Deploy started', 'Deployed: ', 'Deploy finished'])
        expect(await channel.count(words)).toBe(1);
      await site().expectNoFailover();
    });
  });

  describe('a release that fails before the switch', () => {
    it.each([
      [
        'answers its health check 500',
        'unhealthy-1',
        'answered 500: {"error":"no such table: carts"}',
        'the database does not know me',
      ],
      ['exits at once', 'gone-1', 'does not answer', 'no licence key, giving up'],
    ])(
      'because it %s: its last answer and last lines are printed, and the old release is restored',
      async (why, name, answer, line) => {
        const outcome = await site().deploy(name, '--bake', '2s');
        expect(outcome.stderr).toContain(`deploy of ${name} failed at health: not healthy within 5 s; http`);
        expect(outcome.stderr).toContain(answer);
        expect(outcome.stderr).toMatch(new RegExp(`--- last lines of app_\\w+\n[^]*${line}`));
        await expectAsBefore(outcome, `a release that ${why}`);
      },
    );

    it.each([
      [
        'command',
        ['--smoke', 'echo no price for $RELEASE_ID at $BASE_URL; exit 3'],
        /exited with code 3:\nno price for good-\S+ at http:/,
      ],
      ['path', ['--smoke-path', '/cart'], /GET \/cart: expected 2xx, got 404: \{"status":"error"/],
    ])(
      'because a smoke %s fails: its output is printed, and the old release is restored',
      async (what, args, output) => {
        const outcome = await site().deploy(`good-smoked-${what}`, ...args, '--bake', '2s');
        expect(outcome.stderr).toContain(`deploy of good-smoked-${what} failed at smoke: `);
        expect(outcome.stderr).toMatch(output);
        await expectAsBefore(outcome, `a smoke ${what} that fails`);
      },
    );
  });

  describe('a release that fails after the switch', () => {
    it('is rolled back automatically if its health checks fail', async () => {
      const to = otherPool(before.edge.active);
      const deploy = site().startDeploy('good-broken', '--bake', '20s');
      await deploy.says(/^ {4}bake …$/m);
      expectDone(await site().stack.bluegreen('chaos', to, 'error'));
      const exitCode = await deploy.exitCode;
      expect(deploy.output()).toContain('rolled back automatically');
      const outcome = { exitCode, stdout: '', stderr: deploy.output() };
      await expectAsBefore(outcome, 'a release whose health checks fail during its bake', unrepeatable(to));
    });

    it('is rolled back automatically even if its health checks pass', async () => {
      const to = otherPool(before.edge.active);
      const outcome = await site().deploy('tired-1', '--bake', '20s');
      expect(outcome.stderr).toMatch(/tired-1 was rolled back after .*: \d+ of \d+ requests failed/);
      await expectAsBefore(outcome, 'a release that fails although its health checks pass', unrepeatable(to));
    });
  });
}
