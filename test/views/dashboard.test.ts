import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBrowser } from '../browser.ts';
import { eventually } from '../condition.ts';
import { chartColors, DashboardPage } from '../dashboard-page.ts';
import { failuresOf, startLoad } from '../load.ts';
import { createStack, expectDone, root, type TestStack } from '../stack.ts';

let browser: Browser;
let dashboard: DashboardPage;

beforeAll(async () => {
  browser = await startBrowser();
});

afterAll(() => browser.close());

describe('the dashboard of a stack', () => {
  let stack: TestStack;

  beforeAll(async () => {
    // Blue is active, but starts two seconds after green.
    const slow = `sleep 2; exec ${process.execPath} ${join(root, 'app/main.ts')}`;
    stack = await createStack('host', { BLUE_CMD: slow });
    expectDone(await stack.bluegreen('up'));
    dashboard = await DashboardPage.open(browser, `http://localhost:${stack.ports.watcher}`, { colorScheme: 'light' });
  });

  afterAll(async () => {
    await dashboard.close();
    await stack.remove();
  });

  it('starts without a failover, even if the active pool is the last to start', async () => {
    await dashboard.says('word', 'Blue');
    await dashboard.says('headline', 'All well');
    await dashboard.says('no-alerts', 'None yet.');
  });

  it('shows a failover and the recovery within a second, while no request fails', async () => {
    await dashboard.says('word', 'Blue');
    await dashboard.says('headline', 'All well');
    await dashboard.says('standby', 'Green ✓ healthy');
    await dashboard.noteWord();
    const load = startLoad(`${stack.url}/version`, 4);
    await dashboard.says('value-blue', /^[1-9]/);
    await eventually('blue in the chart', async () => (await dashboard.pixels('requests', chartColors.blue)) > 200);

    expectDone(await stack.bluegreen('chaos', 'blue', 'error'));
    const failedOver = await dashboard.turnedTo('Green');
    const firstRerouted = load.answers.find(({ pool }) => pool === 'green')?.at ?? 0;
    expect(failedOver - firstRerouted).toBeLessThan(1_000);
    await dashboard.says('sentence', 'serves for blue, which is active but fails.');
    await dashboard.says('problems', 'Failover: blue → green');
    await dashboard.says('alerts', 'Failover detected: blue → green');
    await eventually('green in the chart', async () => (await dashboard.pixels('requests', chartColors.green)) > 50);
    await eventually(
      'the mark of the failover',
      async () => (await dashboard.pixels('latency', chartColors.warning)) > 50,
    );
    expect(await dashboard.text('value-lost')).toBe('0%');
    expect(await dashboard.page.title()).toMatch(/^Green · Failover: blue → green/);

    const askedAt = load.answers.length;
    expectDone(await stack.bluegreen('chaos', 'blue', 'stop'));
    const recovered = await dashboard.turnedTo('Blue');
    const firstRecovered = load.answers.slice(askedAt).find(({ pool }) => pool === 'blue')?.at ?? 0;
    expect(recovered - firstRecovered).toBeLessThan(1_000);
    await dashboard.says('alerts', 'Recovery detected: back to blue');
    expect(failuresOf(await load.stop())).toEqual([]);
  });

  it('shows a deploy in progress, and then the release that is live and who deployed it', async () => {
    const load = startLoad(`${stack.url}/version`, 2);
    const deploy = stack.bluegreen('deploy', '--release', 'shop-2', '--bake', '3s');
    await dashboard.says('kicker', 'Deploying shop-2 to green');
    await dashboard.says('word', 'Green');
    expectDone(await deploy);
    await dashboard.says('active-release', 'shop-2');
    await dashboard.says('releases', /shop-2\s*green: live, deployed in .*, by /);
    await dashboard.says('alerts', 'Deploy finished: shop-2');
    await dashboard.says('standby', 'Blue ✓ healthy');
    await dashboard.says('standby-release', 'blue-release-1.0.0');
    expect(failuresOf(await load.stop())).toEqual([]);
  });

  it('shows that the standby is unhealthy, and why', async () => {
    expectDone(await stack.bluegreen('chaos', 'blue', 'error'));
    await dashboard.says('problems', 'Standby blue is unhealthy: there is nothing to fail over to – status 500');
    expectDone(await stack.bluegreen('chaos', 'blue', 'stop'));
    await dashboard.says('headline', 'All well');
  });

  it('shows that visitors get the maintenance page', async () => {
    expectDone(await stack.bluegreen('maintenance', 'on'));
    await dashboard.says('word', 'Maintenance');
    expectDone(await stack.bluegreen('maintenance', 'off'));
    await dashboard.says('word', 'Green');
    expect(dashboard.faults).toEqual([]);
  });
});
