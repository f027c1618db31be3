import { describe, expect, it } from 'vitest';
import { blue, green, health, lookOf, slack } from '../../test/looks.ts';
import { CommandError } from '../terminal/command-error.ts';
import { storyOf } from './story.ts';

const since = '2025-11-23T14:05:09.000Z';
const open = (kind: string) => ({ ...health, openIncidents: [{ kind, incident: 'i-1', since }] });
const unhealthy = { ...green, healthy: false, health: 'no answer' };
const words = (...args: Parameters<typeof lookOf>) =>
  storyOf(lookOf(...args)).map(({ tone, text }) => `${tone}: ${text}`);

const deployAt = (step: string, switched: boolean) => ({
  pid: 1,
  startedAt: '',
  actor: 'ci',
  sinceMs: 0,
  what: 'a deploy of 2',
  step,
  switched,
  alive: true,
});

describe('the state that status shows', () => {
  it('is the active pool and the standby if nothing is wrong', () => {
    expect(words()).toEqual(['good: blue is active and serves blue-1; green stands by']);
  });

  it.each<[string, Parameters<typeof lookOf>[0]]>([
    ['neutral: Maintenance: visitors see the maintenance page', { edge: { maintenance: true } }],
    [
      'warning: Both pools fail their health checks; blue is tried first',
      { edge: { down: { blue: true, green: true } } },
    ],
    [
      'warning: Failed over: green serves, blue is active but down',
      { edge: { serving: 'green', down: { blue: true, green: false } } },
    ],
    [
      'warning: blue is active and serves, but has no standby: green, no answer',
      { pools: [blue, unhealthy], edge: { down: { blue: false, green: true } } },
    ],
    [
      'warning: blue is active and serves, but has no standby: green, marked down',
      { edge: { down: { blue: false, green: true } } },
    ],
    ['bad: Outage: no pool can serve requests (incident i-1, since 14:05:09 UTC)', { watcher: open('outage') }],
    ['warning: High upstream error rate (incident i-1, since 14:05:09 UTC)', { watcher: open('error-rate') }],
    ['warning: of-a-later-version (incident i-1, since 14:05:09 UTC)', { watcher: open('of-a-later-version') }],
    [
      'bad: The edge cannot be reached: no answer',
      { control: undefined, fault: new CommandError('no answer\nand more') },
    ],
    [
      'bad: The edge cannot be reached: docker compose exec failed: no such service',
      { control: undefined, fault: new CommandError('docker compose exec failed:\nno such service\nand more') },
    ],
  ])('begins with what matters most: %s', (first, look) => {
    expect(words(look)[0]).toBe(first);
  });

  it('begins with a failover that only the log shows while there are visitors, and ends with it when there are none', () => {
    const at = Date.parse(since);
    const log = { ...health.log, lastLine: since };
    const look = lookOf({ watcher: { ...open('failover'), serving: 'green', log } });
    const failover = 'Failover: green answered the last request (incident i-1, since 14:05:09 UTC)';
    expect(storyOf(look, at + 1_000).map(({ text }) => text)).toEqual([failover]);
    expect(storyOf(look, at + 60_000).map(({ text }) => text)).toEqual([
      'blue is active and serves blue-1; green stands by',
      failover,
    ]);
  });

  it('puts problems that visitors notice first', () => {
    const watcher = open('outage');
    expect(words({ edge: { serving: 'green', down: { blue: true, green: false } }, watcher })).toEqual([
      'bad: Outage: no pool can serve requests (incident i-1, since 14:05:09 UTC)',
      'warning: Failed over: green serves, blue is active but down',
    ]);
  });

  it('does not report a missing standby while it is being deployed to', () => {
    expect(words({ pools: [blue, unhealthy], deploy: deployAt('health', false) })[0]).toBe(
      'neutral: blue is active and serves; green is being deployed to',
    );
  });

  it('reports a missing standby once a deploy has switched, as it could not roll back', () => {
    expect(words({ pools: [blue, unhealthy], deploy: deployAt('bake', true) })[0]).toBe(
      'warning: blue is active and serves, but has no standby: green, no answer',
    );
  });

  it.each<[string, Parameters<typeof lookOf>[0]]>([
    ['warning: Failover alerts are held back: MAINTENANCE_MODE is on', { watcher: { ...health, maintenance: true } }],
    [
      'warning: health_prober is unhealthy (Up 3 minutes (unhealthy))',
      { services: [{ name: 'health_prober', state: 'running', detail: 'Up 3 minutes (unhealthy)' }] },
    ],
    ['bad: The watcher does not answer: no alert would be sent', { watcher: undefined }],
    [
      'warning: Alerts are not delivered to slack (HTTP 404); 3 waiting',
      { watcher: { ...health, channels: [{ ...slack, state: 'closed', queued: 3, lastError: 'HTTP 404' }] } },
    ],
    [
      'bad: The watcher cannot read the access log (EACCES)',
      { watcher: { ...health, log: { ...health.log, state: 'failing', fault: 'EACCES' } } },
    ],
    [
      'warning: nginx_proxy is stopped (Exited (137)); edge_gate serves in its place; ./bluegreen up starts it again',
      {
        services: [
          { name: 'edge_gate', state: 'running', detail: 'Up 3 minutes' },
          { name: 'nginx_proxy', state: 'stopped', detail: 'Exited (137)' },
        ],
      },
    ],
    [
      'warning: app_green is stopped (SIGKILL)',
      { services: [{ name: 'app_green', state: 'stopped', detail: 'SIGKILL' }] },
    ],
    ['warning: green runs green-1 but should run green-2', { pools: [{ ...green, planned: 'green-2' }] }],
  ])('continues with other problems: %s', (remark, look) => {
    expect(words(look).slice(1)).toContain(remark);
  });
});
