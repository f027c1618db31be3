import { describe, expect, it } from 'vitest';
import type { JournalRecord } from '../../journal/record.ts';
import { blue, green, health, lookOf, slack } from '../../test/looks.ts';
import type { Look } from '../status/look.ts';
import { CommandError } from '../terminal/command-error.ts';
import { Changes } from './changes.ts';

const atMs = Date.UTC(2025, 10, 23, 14, 5, 9);
const incident = { kind: 'failover', incident: 'i-1', since: new Date(atMs - 2_000).toISOString() };
const base = { id: 'r1', atMs: atMs - 500, actor: 'alice' } as const;
const switched: JournalRecord = { ...base, kind: 'switch', from: 'blue', to: 'green', reason: 'switch' };

/** The events that a series of looks results in. */
function eventsOf(...looks: readonly Look[]): string[] {
  const changes = new Changes();
  return looks.flatMap((look) => changes.next(look, atMs)).map(({ tone, what, text }) => `${tone} ${what}: ${text}`);
}

describe('events between two looks', () => {
  it('are none if nothing has changed, and none for the first look', () => {
    expect(eventsOf(lookOf({ journal: [switched] }), lookOf({ journal: [switched] }))).toEqual([]);
  });

  it.each<[string, Parameters<typeof lookOf>[0]]>([
    [
      'warning failover: blue → green: green answers in its place (incident i-1)',
      { watcher: { ...health, serving: 'green', openIncidents: [incident] } },
    ],
    ['warning flag: blue is marked down by its health checks', { edge: { down: { blue: true, green: false } } }],
    ['neutral switch: blue → green by alice', { journal: [switched], edge: { active: 'green' } }],
    ['warning switch: blue → green; the flag was changed by hand', { edge: { active: 'green' } }],
    ['neutral release: green now runs green-2', { pools: [blue, { ...green, reported: 'green-2' }] }],
    ['neutral alert: 2 held back', { watcher: { ...health, alertsHeldBack: 2 } }],
    [
      'warning service: app_blue is restarting (SIGKILL)',
      { services: [{ name: 'app_blue', state: 'restarting', detail: 'SIGKILL' }] },
    ],
    [
      'neutral service: app_blue was restarted (pid 9)',
      { services: [{ name: 'app_blue', state: 'running', detail: 'pid 9' }] },
    ],
  ])('include: %s', (line, change) => {
    expect(eventsOf(lookOf(), lookOf(change), lookOf(change))).toEqual([line]);
  });

  it.each([
    ['Up 2 minutes (healthy)', 'Up 3 minutes (healthy)', false],
    ['Up 59 seconds (healthy)', 'Up About a minute (healthy)', false],
    ['Up About an hour', 'Up 2 hours', false],
    ['Up 3 seconds (health: starting)', 'Up 3 seconds (healthy)', false],
    ['Up 2 minutes (healthy)', 'Up 1 second (health: starting)', true],
    ['Up 2 days (healthy)', 'Up Less than a second (health: starting)', true],
  ])('include a restart of a container, by its uptime: %s, then %s', (was, is, restarted) => {
    const container = (detail: string) => lookOf({ services: [{ name: 'nginx_proxy', state: 'running', detail }] });
    const line = `neutral service: nginx_proxy was restarted (${is})`;
    expect(eventsOf(container(was), container(is))).toEqual(restarted ? [line] : []);
  });

  it('include the end of an incident and how long it lasted', () => {
    const during = lookOf({ watcher: { ...health, openIncidents: [incident] } });
    expect(eventsOf(during, lookOf())).toEqual(['good recovery: resolved after 2.0 s (incident i-1)']);
  });

  it('include the delivery of alerts', () => {
    const watcher = (channel: object) => lookOf({ watcher: { ...health, channels: [{ ...slack, ...channel }] } });
    const closed = { state: 'closed', lastError: 'HTTP 404' } as const;
    expect(
      eventsOf(watcher({}), watcher({ sent: 6 }), watcher({ sent: 6, ...closed }), watcher({ sent: 6, dropped: 1 })),
    ).toEqual([
      'neutral alert: sent to slack (2)',
      'warning alert: slack does not accept alerts: HTTP 404',
      'warning alert: 1 dropped: slack does not accept them',
      'good alert: slack accepts alerts again',
    ]);
  });

  it('report once what cannot be reached, and afterwards everything that happened meanwhile', () => {
    const gone = () => lookOf({ watcher: undefined, control: undefined, fault: new CommandError('no answer') });
    const after = lookOf({ journal: [switched], edge: { active: 'green' }, watcher: { ...health, alertsHeldBack: 1 } });
    expect(eventsOf(lookOf(), gone(), gone(), gone(), after).toSorted()).toEqual([
      'bad edge: cannot be reached: no answer',
      'bad watcher: cannot be reached: no alert would be sent',
      'good edge: answers again',
      'good watcher: answers again',
      'neutral alert: 1 held back',
      'neutral switch: blue → green by alice',
    ]);
  });

  it('do not repeat what the first look has shown, but report that it has ended', () => {
    const fault = new CommandError('docker compose exec failed:\nno such service');
    const gone = { watcher: undefined, control: undefined } as const;
    expect(
      eventsOf(lookOf({ ...gone, fault }), lookOf({ ...gone, fault: new CommandError('still') }), lookOf()),
    ).toEqual(['good edge: answers again', 'good watcher: answers again']);
  });

  it('do not explain a change by hand with an earlier switch', () => {
    const back: JournalRecord = { ...base, id: 'r2', kind: 'switch', from: 'green', to: 'blue', reason: 'switch' };
    const journal = [switched, back];
    const green = { active: 'green' } as const;
    expect(eventsOf(lookOf({ journal }), lookOf({ journal, edge: green }), lookOf({ journal }))).toEqual([
      'warning switch: blue → green; the flag was changed by hand',
      'warning switch: green → blue; the flag was changed by hand',
    ]);
  });

  it('report a switch once if it is in the journal before it takes effect', () => {
    const journal = [switched];
    expect(eventsOf(lookOf(), lookOf({ journal }), lookOf({ journal, edge: { active: 'green' } }))).toEqual([
      'neutral switch: blue → green by alice',
    ]);
  });

  it('do not include a single missing answer', () => {
    expect(eventsOf(lookOf(), lookOf({ watcher: undefined }), lookOf())).toEqual([]);
    // There are more looks than requests to the engine.
    const gone = lookOf({ control: undefined, fault: new CommandError('busy') });
    expect(eventsOf(lookOf(), gone, gone, gone, lookOf())).toEqual([]);
  });
});
