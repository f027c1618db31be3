import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StandInSite } from '../../test/stand-in-site.ts';
import { switchTo } from './switch.ts';

describe('a switch', () => {
  let site: StandInSite;

  beforeEach(async () => {
    site = await StandInSite.open();
  });
  afterEach(() => site.close());

  it('makes the other pool active, and is recorded in the journal', async () => {
    await switchTo(site.stack, site.engine, 'green', { force: false });
    expect(site.active).toBe('green');
    expect(site.records).toMatchObject([{ kind: 'switch', from: 'blue', to: 'green', reason: 'switch' }]);
  });

  it('to the pool that is active already changes nothing', async () => {
    await switchTo(site.stack, site.engine, 'blue', { force: false });
    expect(site.records).toEqual([]);
  });

  it('to a pool that is flagged as down is refused, even if the pool answers now, unless forced', async () => {
    site.down.green = true;
    await expect(switchTo(site.stack, site.engine, 'green', { force: false })).rejects.toThrow(
      'green is not healthy (marked down by its health checks); blue stays active',
    );
    expect(site.active).toBe('blue');
    await switchTo(site.stack, site.engine, 'green', { force: true });
    expect(site.active).toBe('green');
  });
});
