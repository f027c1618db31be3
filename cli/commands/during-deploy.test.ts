import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StandInSite } from '../../test/stand-in-site.ts';
import { type Lock, takeLock } from '../deploy/lock.ts';
import { canary } from './canary.ts';
import { down } from './down.ts';

describe('while a deploy is in progress', () => {
  let site: StandInSite;
  let lock: Lock;

  beforeEach(async () => {
    site = await StandInSite.open();
    lock = takeLock(site.stack, 'a deploy of v2');
  });
  afterEach(() => site.close());

  const inProgress = /^a deploy of v2 by alice \(pid \d+, .*\) is in progress$/;

  it.each(['10%', 'off'])('the canary is not changed, unless forced: %s', async (share) => {
    site.canaryPercent = 5;
    await expect(canary(site.stack, site.engine, share, { force: false })).rejects.toThrow(inProgress);
    await canary(site.stack, site.engine, share, { force: true });
    expect(site.canaryPercent).toBe(share === 'off' ? 0 : 10);
  });

  it.each([true, false])('the stack is not stopped, unless forced, with or without volumes: %s', async (volumes) => {
    await expect(down(site.stack, site.engine, { volumes, force: false })).rejects.toThrow(inProgress);
    expect(site.isUp).toBe(true);
    await down(site.stack, site.engine, { volumes, force: true });
    expect(site.isUp).toBe(false);
  });

  it('once it has ended, both work again', async () => {
    lock.release();
    await canary(site.stack, site.engine, '10%', { force: false });
    await down(site.stack, site.engine, { volumes: true, force: false });
    expect(site.isUp).toBe(false);
  });
});
