import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StandInSite } from '../../test/stand-in-site.ts';
import type { Service } from '../engine/engine.ts';
import { preflight } from './preflight.ts';

describe('the preflight', () => {
  let site: StandInSite;

  beforeEach(async () => {
    site = await StandInSite.open();
  });
  afterEach(() => site.close());

  const refused = (message: string) =>
    expect(preflight(site.stack, site.engine)).rejects.toThrow(`preflight failed, nothing was changed:\n  ${message}`);

  it('fails unless the active pool is healthy', async () => {
    const settings = { ...site.stack.settings, BLUE_PORT: 1 };
    await expect(preflight({ ...site.stack, settings }, site.engine)).rejects.toThrow(
      'blue is active but not healthy (no answer)',
    );
  });

  it('fails if the prober has flagged the active pool as down', async () => {
    site.down.blue = true;
    await refused('blue is active but marked down by its health checks');
  });

  it('fails while a canary is on', async () => {
    site.canaryPercent = 5;
    await refused('a canary of 5% is on; end it with ./bluegreen canary off');
  });

  it.each(['health_prober', 'alert_watcher'] as const)('fails without the %s', async (name) => {
    const services: Service[] = [...(await site.engine.services())];
    const others = services.filter((service) => service.name !== name);
    site.engine.services = async () => others;
    await refused(`${name} is not healthy`);
    site.engine.services = async () => [...others, { name, state: 'stopped', detail: 'exit code 1' }];
    await refused(`${name} is not healthy (stopped, exit code 1)`);
  });

  it('fails if a variable in the shell overrides the release or image of the standby', async () => {
    const shell = { ...site.stack.shell, RELEASE_ID_GREEN: 'v9' };
    await expect(preflight({ ...site.stack, shell }, site.engine)).rejects.toThrow('RELEASE_ID_GREEN is set');
    // The active pool is not touched.
    const other = { ...site.stack, shell: { ...site.stack.shell, RELEASE_ID_BLUE: 'v9' } };
    await preflight(other, site.engine);
    site.switchByHand();
    await expect(preflight(other, site.engine)).rejects.toThrow('RELEASE_ID_BLUE is set');
  });

  it('lists all reasons', async () => {
    site.down.blue = true;
    site.canaryPercent = 5;
    await expect(preflight(site.stack, site.engine)).rejects.toThrow(/marked down.*\n {2}a canary of 5%/);
  });

  it('passes if only the standby is down, because that may be the reason for the deploy', async () => {
    site.down.green = true;
    expect(await preflight(site.stack, site.engine)).toMatchObject({
      active: { pool: 'blue', release: 'v1' },
      standby: { pool: 'green', release: 'v0' },
    });
  });
});
