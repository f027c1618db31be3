import { expect, it } from 'vitest';
import { errorRate, failover } from '../../test/sample-alerts.ts';
import { SentAlerts } from './sent-alerts.ts';

const states = (alerts: SentAlerts) =>
  alerts.reports().map(({ delivery }) => delivery.map(({ channel, state }) => `${channel} ${state}`).join());

it('tracks the delivery of each alert in each channel', () => {
  const alerts = new SentAlerts(['slack', 'webhook']);
  alerts.add(failover);
  expect(states(alerts)).toEqual(['slack waiting,webhook waiting']);
  const { version } = alerts;
  // A queue and a checkpoint hold copies.
  alerts.settled('slack', { alert: structuredClone(failover), result: 'delivered' });
  alerts.settled('webhook', { alert: failover, result: 'dropped' });
  alerts.settled('log', { alert: failover, result: 'delivered' });
  expect(states(alerts)).toEqual(['slack sent,webhook failed']);
  expect(alerts.version).toBeGreaterThan(version);
});

it('knows after a restart which alerts still wait, and reports an unknown state otherwise', () => {
  const before = new SentAlerts(['slack']);
  before.add(failover);
  before.add(errorRate);
  const after = new SentAlerts(['slack']);
  after.restore(JSON.parse(JSON.stringify(before.snapshot())), new Map([['slack', [errorRate]]]));
  expect(states(after)).toEqual(['slack waiting', 'slack unknown']);
  const without = new SentAlerts(['slack']);
  without.restore([], new Map([['slack', [failover]]]));
  expect(states(without)).toEqual(['slack waiting']);
});

it('skips alerts that cannot be composed', () => {
  const alerts = new SentAlerts(['slack']);
  const broken = { ...errorRate, worstPaths: undefined } as never;
  const { to: _, ...withoutTo } = failover;
  const others = [
    withoutTo,
    { ...failover, cause: null },
    { ...failover, incident: null },
    { kind: 'standby-resolved', incident: 'i', atMs: 1 },
    { kind: 'unheard-of', incident: 'i', atMs: 1 },
  ] as never[];
  alerts.restore([], new Map([['slack', [broken, ...others, failover]]]));
  expect(states(alerts)).toEqual(['slack waiting']);
});

it('keeps the newest alerts, with texts of bounded length', () => {
  const alerts = new SentAlerts([]);
  const path = `/${'x'.repeat(10_000)}`;
  for (let index = 0; index < 500; index++) {
    alerts.add({ ...errorRate, atMs: errorRate.atMs + index, worstPaths: [{ path, failed: 1 }] });
  }
  const reports = alerts.reports();
  expect(reports).toHaveLength(40);
  expect(reports[0]?.atMs).toBe(errorRate.atMs + 499);
  expect(JSON.stringify(reports).length).toBeLessThan(40_000);
});
