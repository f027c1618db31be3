import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deployFailed, deployStarted } from '../../test/journal-records.ts';
import { StandInSite } from '../../test/stand-in-site.ts';
import { deployRelease } from '../deploy/deploy.ts';
import type { RawDeployOptions } from '../deploy/options.ts';
import { rollback } from './rollback.ts';

describe('a rollback', () => {
  let site: StandInSite;

  beforeEach(async () => {
    site = await StandInSite.open();
  });
  afterEach(() => site.close());

  const rollBack = () => rollback(site.stack, site.engine, { force: false });
  const deploy = async (options: Partial<RawDeployOptions>) => deployRelease(await site.deploy(options));

  it('refuses a release that is ready on the standby but was never active', async () => {
    await deploy({ switch: false });
    await expect(rollBack()).rejects.toThrow('green runs v2, which was never active');
  });

  it('still refuses it after a later deploy has failed and was put back', async () => {
    await deploy({ switch: false });
    await expect(deploy({ release: 'v3', smoke: ['exit 3'] })).rejects.toThrow('green is back on v2');
    await expect(rollBack()).rejects.toThrow('green runs v2, which was never active');
  });

  it('returns to a release that a failed deploy replaced and put back', async () => {
    await expect(deploy({ smoke: ['exit 3'] })).rejects.toThrow('green is back on v0');
    await rollBack();
    expect(site.active).toBe('green');
  });

  it.each([
    ['failed', [deployFailed(2, { step: 'image', release: 'v2' })]],
    ['was interrupted', []],
  ])('returns to the release there, if a deploy %s before it replaced anything', async (_, end) => {
    site.write(deployStarted(1, { release: 'v2', replaces: 'v0' }), ...end);
    await rollBack();
    expect(site.active).toBe('green');
  });

  it('returns to a release that was deployed again under the same name', async () => {
    site.write(deployStarted(1, { release: 'v0', replaces: 'v0' }));
    await rollBack();
    expect(site.active).toBe('green');
  });

  it('refuses a pool that is flagged as down, even if it answers now, unless forced', async () => {
    site.down.green = true;
    await expect(rollBack()).rejects.toThrow(
      'green is not healthy (marked down by its health checks); blue stays active',
    );
    expect(site.active).toBe('blue');
    await rollback(site.stack, site.engine, { force: true });
    expect(site.active).toBe('green');
  });

  it('returns to a release that an operator has switched away from', async () => {
    await deploy({});
    site.switchByHand();
    await rollBack();
    expect(site.active).toBe('green');
  });
});
