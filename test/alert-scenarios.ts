import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Channel } from './channel.ts';
import { eventually } from './condition.ts';
import { failuresOf, startLoad } from './load.ts';
import { expectDone, type TestStack } from './stack.ts';

export interface AlertStack {
  readonly stack: TestStack;
  readonly channel: Channel;
  remove(): Promise<void>;
}

/** A window in which one masked failure exceeds the threshold, and a cooldown that ends before the next test. */
export const alertSettings = { WINDOW_SIZE: '20', ALERT_COOLDOWN_SEC: '1' };

/** The alerts that a channel must get, and those that it must not get; the same on each engine. */
export function describeAlerts(engine: string, create: () => Promise<AlertStack>): void {
  describe(`the Slack channel on the ${engine} engine`, () => {
    let stack: TestStack;
    let channel: Channel;
    let remove: (() => Promise<void>) | undefined;

    beforeAll(async () => {
      ({ stack, channel, remove } = await create());
      expectDone(await stack.bluegreen('up'));
    });

    afterAll(() => remove?.());

    const edgeStatus = async () => JSON.parse(expectDone(await stack.bluegreen('status', '--json')).stdout).edge;
    const bothUp = () =>
      eventually('both pools to be up', async () => {
        const { down } = await edgeStatus();
        return !down.blue && !down.green;
      });
    /** Once the active pool has answered several times, nginx has also cleared its own failure state. */
    const servedBy = (pool: string) =>
      eventually(`${pool} to serve`, async () => {
        for (let count = 0; count < 5; count++) if ((await stack.ask()).pool !== pool) return false;
        return true;
      });

    beforeEach(async () => {
      await bothUp();
      await servedBy((await edgeStatus()).active);
      await channel.untilQuiet();
      await channel.forget();
    });

    afterEach(async () => {
      for (const pool of ['blue', 'green']) expectDone(await stack.bluegreen('chaos', pool, 'stop'));
    });

    it('gets one alert of a failover, within a second, and one of the recovery, while no request fails', async () => {
      const load = startLoad(`${stack.url}/version`, 4);
      expectDone(await stack.bluegreen('chaos', 'blue', 'shutdown'));
      const failover = await channel.expect('Failover detected: blue → green (to standby)');
      const firstRerouted = load.answers.find(({ pool }) => pool === 'green')?.at ?? 0;
      expect(failover.receivedAt - firstRerouted).toBeLessThan(1000);
      expectDone(await stack.bluegreen('chaos', 'blue', 'stop'));
      const recovery = await channel.expect('Recovery detected: back to blue (active)');
      await servedBy('blue');
      expect(failuresOf(await load.stop())).toEqual([]);
      await channel.untilQuiet();
      expect(await channel.texts(/Failover|Recovery/)).toEqual([failover.text, recovery.text]);
      const incident = (message: typeof failover) => /incident `([^`]+)`/.exec(JSON.stringify(message.body))?.[1];
      expect(incident(failover)).toBeDefined();
      expect(incident(recovery)).toBe(incident(failover));
    });

    it('gets an alert of the error rate when only blue fails, though no visitor sees it', async () => {
      const load = startLoad(`${stack.url}/version`, 20);
      expectDone(await stack.bluegreen('chaos', 'blue', 'error'));
      await channel.expect('High upstream error rate');
      expectDone(await stack.bluegreen('chaos', 'blue', 'stop'));
      await servedBy('blue');
      expect(failuresOf(await load.stop())).toEqual([]);
      const message = await channel.expect('High upstream error rate');
      expect(JSON.stringify(message.body)).toMatch(
        /5xx in upstream attempts: \d+\.\d\d% over last \d+ requests \(threshold 2%\)\./,
      );
      await channel.untilQuiet();
      expect(await channel.count('High upstream error rate')).toBe(1);
    });

    it('gets alerts of an outage when both pools fail, and of its end', async () => {
      const load = startLoad(`${stack.url}/version`, 4);
      expectDone(await stack.bluegreen('chaos', 'blue', 'error'));
      expectDone(await stack.bluegreen('chaos', 'green', 'error'));
      await channel.expect('Outage: no pool can serve requests');
      expectDone(await stack.bluegreen('chaos', 'blue', 'stop'));
      expectDone(await stack.bluegreen('chaos', 'green', 'stop'));
      await channel.expect('Outage resolved');
      await load.stop();
      await channel.untilQuiet();
      expect(await channel.count('Outage: no pool')).toBe(1);
      expect(await channel.count('Outage resolved')).toBe(1);
    });

    it('gets alerts of a standby that goes down, and that is up again', async () => {
      expectDone(await stack.bluegreen('chaos', 'green', 'kill'));
      await channel.expect('Standby down: green', 30_000);
      expectDone(await stack.bluegreen('chaos', 'green', 'stop'));
      await channel.expect('Standby down resolved: green', 30_000);
      expect(await channel.texts(/Failover/)).toEqual([]);
    });

    it('gets an alert of a planned switch as such, and none of a failover', async () => {
      const load = startLoad(`${stack.url}/version`, 4);
      expectDone(await stack.bluegreen('switch', 'green'));
      await channel.expect('Planned switch: blue → green');
      expectDone(await stack.bluegreen('switch', 'blue'));
      await channel.expect('Planned switch: green → blue');
      expect(failuresOf(await load.stop())).toEqual([]);
      await channel.untilQuiet();
      expect(await channel.count('Planned switch')).toBe(2);
      expect(await channel.texts(/Failover|Recovery/)).toEqual([]);
    });

    it('gets a test alert', async () => {
      const { stdout } = expectDone(await stack.bluegreen('alerts', 'test'));
      expect(stdout).toBe('slack: delivered');
      await channel.expect('Test alert: this channel works');
      await channel.untilQuiet();
      expect(await channel.count('Test alert')).toBe(1);
    });

    it('gets no alert of a failover during maintenance', async () => {
      stack.configure({ MAINTENANCE_MODE: 'true' });
      expectDone(await stack.bluegreen('up'));
      await eventually('the watcher to be in maintenance', async () => {
        const { stdout } = await stack.bluegreen('status', '--json');
        return JSON.parse(stdout).watcher?.maintenance === true;
      });
      const load = startLoad(`${stack.url}/version`, 4);
      expectDone(await stack.bluegreen('chaos', 'blue', 'kill'));
      await eventually('green to serve', () => load.answers.at(-1)?.pool === 'green');
      expectDone(await stack.bluegreen('chaos', 'blue', 'stop'));
      await bothUp();
      await servedBy('blue');
      expect(failuresOf(await load.stop())).toEqual([]);
      await channel.untilQuiet();
      expect(await channel.texts(/Failover|Recovery|Flapping/)).toEqual([]);
      stack.configure({});
      expectDone(await stack.bluegreen('up'));
    });
  });
}
