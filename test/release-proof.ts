import { beforeEach, describe, expect, it } from 'vitest';
import { otherPool } from '../settings/pool.ts';
import { expectAllServed, type ProofSite, releasesOf, type Told } from './proof-site.ts';
import { expectDone, type Outcome } from './stack.ts';
import { type Failure, unrepeatable } from './tally.ts';

const variable = (pool: string) => `RELEASE_ID_${pool.toUpperCase()}`;

/** One deploy after the other: a good one, and each way in which one can be bad. */
export function describeReleases(site: () => ProofSite): void {
  let before: Told;

  beforeEach(async () => {
    before = await site().bothUp();
  });

  /** A deploy that failed left everything as it was, and nobody noticed. */
  async function expectAsBefore(
    { exitCode, stderr }: Outcome,
    scenario: string,
    mayFail?: (failure: Failure) => boolean,
  ): Promise<void> {
    const tally = site().taken();
    expect(exitCode).toBe(1);
    const { active } = before.edge;
    expect(stderr).toContain(`${otherPool(active)} is back on ${releasesOf(before)[otherPool(active)]}`);
    const told = await site().expectStatusTrue();
    expect(told.edge.active).toBe(active);
    expect(told.deploy).toBeUndefined();
    expect(releasesOf(told)).toEqual(releasesOf(before));
    for (const { release, planned } of told.pools) expect(planned).toBe(release);
    expectAllServed(scenario, await tally, mayFail);
  }

  describe('a good release', () => {
    it('goes live on the standby, the old one stays warm, and the alerts are sent', async () => {
      const { channel } = site().ground;
      await site().untilCalm();
      await channel.forget();
      const old = before.edge.active;
      const to = otherPool(old);
      const { stdout } = await site().expectDeployed('good-1', '--bake', '2s', '--smoke-path', '/version');
      expect(stdout).toMatch(/^good-1 is active on green, switched in \d+ ms; \d+ requests in .*, 0\.00% failed$/m);
      expect(await site().stack.ask()).toMatchObject({ pool: to, release: 'good-1' });
      const tally = site().taken();
      const told = await site().expectStatusTrue();
      expectAllServed('a good deploy', await tally);
      expect(told.edge).toMatchObject({ active: to, serving: to, down: { blue: false, green: false } });
      expect(told.last).toMatchObject({ what: `deploy to ${to}`, release: 'good-1' });
      expect(told.deploy).toBeUndefined();
      expect(releasesOf(told)).toEqual({ ...releasesOf(before), [to]: 'good-1' });
      expect(site().envFile()[variable(to)]).toBe('good-1');
      const { stdout: history } = expectDone(await site().stack.bluegreen('history', '--json'));
      expect(JSON.parse(history).at(-1)).toMatchObject({ release: 'good-1', result: expect.stringMatching(/^active/) });

      for (const words of ['Deploy started', 'Deployed: ', 'Deploy finished']) await channel.expect(words);
      await channel.untilQuiet();
      for (const words of ['Deploy started', 'Deployed: ', 'Deploy finished'])
        expect(await channel.count(words)).toBe(1);
      await site().expectNoPoolLeft();
    });
  });

  describe('a release that never gets there', () => {
    it.each([
      [
        'answers its health check 500',
        'ill-1',
        'returned 500: {"error":"no such table: carts"}',
        'the database does not know me',
      ],
      ['ends at once', 'gone-1', 'does not answer', 'no licence key, giving up'],
    ])(
      'because it %s: the last answer, its last lines, and the old release is back',
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
    ])('because a smoke %s fails: what it said, and the old release is back', async (what, args, said) => {
      const outcome = await site().deploy(`good-smoked-${what}`, ...args, '--bake', '2s');
      expect(outcome.stderr).toContain(`deploy of good-smoked-${what} failed at smoke: `);
      expect(outcome.stderr).toMatch(said);
      await expectAsBefore(outcome, `a smoke ${what} that fails`);
    });
  });

  describe('a release that breaks when it is live', () => {
    it('goes back by itself when its health fails too', async () => {
      const to = otherPool(before.edge.active);
      const deploy = site().startDeploy('good-broken', '--bake', '20s');
      await deploy.says(/^ {4}bake …$/m);
      expectDone(await site().stack.bluegreen('chaos', to, 'error'));
      const exitCode = await deploy.exitCode;
      expect(deploy.output()).toContain('rolled back automatically');
      const outcome = { exitCode, stdout: '', stderr: deploy.output() };
      await expectAsBefore(outcome, 'a release whose health fails while it is watched', unrepeatable(to));
    });

    it('goes back by itself when it calls itself healthy', async () => {
      const to = otherPool(before.edge.active);
      const outcome = await site().deploy('tired-1', '--bake', '20s');
      expect(outcome.stderr).toMatch(/tired-1 was rolled back after .*: \d+ of \d+ requests failed/);
      await expectAsBefore(outcome, 'a release that fails while its health is good', unrepeatable(to));
    });
  });
}
