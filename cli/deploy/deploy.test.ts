import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { edgeIsGone, StandInSite } from '../../test/stand-in-site.ts';
import type { CommandError } from '../terminal/command-error.ts';
import { deployRelease } from './deploy.ts';
import type { RawDeployOptions } from './options.ts';

describe('a deploy', () => {
  let site: StandInSite;

  beforeEach(async () => {
    site = await StandInSite.open();
  });
  afterEach(() => site.close());

  const failure = async (options: Partial<RawDeployOptions>): Promise<CommandError> =>
    deployRelease(await site.deploy(options)).then(
      (words) => expect.unreachable(words),
      (error) => error,
    );
  const ends = () => site.records.filter(({ kind }) => kind === 'deploy-failed' || kind === 'deploy-finished');

  it('that fails puts the old release back and says so', async () => {
    const error = await failure({ smoke: ['echo no price; exit 3'] });
    expect(error.message).toMatch(
      /^v2 was not deployed; smoke: .* exit code 3:\nno price\nBlue \(v1\) serves; green is back on v0$/,
    );
    expect(site.replaced).toEqual(['green', 'green']);
    expect(site.planned.RELEASE_ID_GREEN).toBe('v0');
    expect(ends()).toMatchObject([{ kind: 'deploy-failed', step: 'smoke', restored: 'v0' }]);
  });

  it('is not begun where something else than the watcher answers at its port', async () => {
    site.watcherSays = '<html>';
    await expect(site.deploy()).rejects.toThrow(
      'alert_watcher does not answer, so the new release could not be watched',
    );
  });

  it('leaves a colour alone that somebody has made active meanwhile', async () => {
    site.before = (verb) => {
      if (verb === 'canary') site.active = 'green';
    };
    const error = await failure({ canary: '5%', bake: '60s' });
    expect(error.message).toMatch(/green was made active by hand\nGreen \(v2\) is active now and was left as it is$/);
    expect(site.replaced).toEqual(['green']);
    expect(site.running.green).toBe('v2');
    expect(site.planned.RELEASE_ID_GREEN).toBe('v2');
    expect(ends()).toEqual([expect.not.objectContaining({ restored: expect.anything() })]);
  });

  it('leaves the idle colour alone where the edge does not say that it is idle', async () => {
    site.before = (verb) => {
      if (verb !== 'canary') return;
      site.before = (next) => (next === 'status' || next === 'canary' ? edgeIsGone() : undefined);
      site.lossy = 'green';
    };
    const error = await failure({ canary: '5%', bake: '60s' });
    expect(error.message).toContain('v2 was not deployed; canary 5%: 50 of 100 requests were not answered well');
    expect(error.message).toContain('green was left as it is');
    expect(site.replaced).toEqual(['green']);
    expect(ends()).toMatchObject([{ kind: 'deploy-failed', step: 'canary 5%' }]);
  });

  it('puts the old release back and tells why, though the canary cannot be ended', async () => {
    site.before = (verb, share) => {
      if (verb !== 'canary') return;
      if (share === 'off') edgeIsGone();
      site.lossy = 'green';
    };
    const error = await failure({ canary: '5%', bake: '60s' });
    expect(error.message).toMatch(/canary 5%: 50 of 100 requests .*\nBlue \(v1\) serves; green is back on v0$/);
    expect(ends()).toMatchObject([{ kind: 'deploy-failed', restored: 'v0' }]);
  });

  it('says why it failed, though it cannot be written down', async () => {
    site.before = (verb, record = '') => {
      if (verb === 'record' && record.includes('deploy-failed')) edgeIsGone();
    };
    expect((await failure({ smoke: ['exit 3'] })).message).toMatch(/^v2 was not deployed; smoke: /);
  });

  it('says that a release waits, or serves, though it cannot be written down', async () => {
    site.before = (verb, record = '') => {
      if (verb === 'record' && record.includes('deploy-finished')) edgeIsGone();
    };
    expect(await deployRelease(await site.deploy({ switch: false }))).toMatch(/^v2 waits on green/);
    expect(await deployRelease(await site.deploy())).toMatch(/^v2 is active on green/);
  });

  it('that is overtaken while it bakes has an end in the journal', async () => {
    site.reached = (step) => {
      if (step === 'bake') site.switchByHand();
    };
    const error = await failure({ bake: '60s' });
    expect(error.message).toBe('blue was made active by hand while v2 was watched');
    expect(ends()).toMatchObject([{ kind: 'deploy-failed', step: 'bake', rolledBack: true }]);
    expect(site.replaced).toEqual(['green']);
  });

  it('that cannot go back says so, in the journal too', async () => {
    site.before = (verb, to) => {
      if (verb !== 'switch') return;
      if (to === 'blue') edgeIsGone();
      site.lossy = 'green';
    };
    const error = await failure({ bake: '60s' });
    expect(error.message).toMatch(/^v2 does badly on green: 50 of 100 .*\nNot rolled back: the edge does not answer/);
    expect(ends()).toMatchObject([{ kind: 'deploy-failed', step: 'bake', rolledBack: false }]);
    expect(site.active).toBe('green');
  });

  it('goes by the flag, where the edge was not seen to follow a switch, and tells no time that it does not know', async () => {
    site.before = (verb) => {
      if (verb !== 'switch') return;
      site.active = 'green';
      edgeIsGone();
    };
    expect(await deployRelease(await site.deploy())).toBe(
      'v2 is active on green; ./bluegreen rollback goes back to v1',
    );
    expect(site.running.green).toBe('v2');
  });

  it('whose edge does not answer any more while it bakes says so, in the journal too', async () => {
    site.reached = (step) => {
      if (step !== 'bake') return;
      // So that the bake asks the edge.
      site.active = 'blue';
      site.before = (verb) => (verb === 'status' ? edgeIsGone() : undefined);
    };
    const error = await failure({ bake: '60s' });
    expect(error.message).toBe(
      'v2 is active on green, but could not be watched: the edge does not answer on its status port',
    );
    expect(ends()).toMatchObject([{ kind: 'deploy-failed', step: 'bake', rolledBack: false }]);
  });
});
