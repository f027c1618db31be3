import { describe, expect, it } from 'vitest';
import type { Alert } from '../alerts/alert.ts';
import { plainText } from '../words/wording.ts';
import { Missed } from './missed.ts';

const two = Date.UTC(2025, 10, 23, 14, 2);
const minute = 60_000;
const at = (minutes: number) => two + minutes * minute;

const failover = (minutes: number, incident: string): Alert => ({
  kind: 'failover',
  incident,
  atMs: at(minutes),
  from: 'blue',
  to: 'green',
  upstream: '10.0.0.1:3000 (502) → 10.0.0.2:3000 (200)',
  requestMs: 5,
});
const recovery = (minutes: number, incident: string): Alert => ({
  kind: 'recovery',
  incident,
  atMs: at(minutes),
  pool: 'blue',
  standby: 'green',
  lastedMs: 15 * minute,
  served: 9,
});

const deployOf = (incident: string) => ({ actor: 'ci', pool: 'green', release: 'v2', incident }) as const;

function sentFor(alerts: readonly Alert[], lastMinutes = 29, open: readonly string[] = []): readonly Alert[] {
  const missed = new Missed({ sinceMs: two, alerts: [], left: 0 });
  for (const alert of alerts) missed.add(alert);
  return missed.finish({
    lastEndMs: at(lastMinutes),
    nowMs: at(lastMinutes),
    isOpen: (incident) => open.includes(incident),
    nextIncident: () => 'away-1',
  });
}

describe('what happened while the watcher was away', () => {
  it('is summarized in one alert', () => {
    const [summary, ...rest] = sentFor([failover(3, 'a'), recovery(18, 'a')]);
    expect(rest).toEqual([]);
    expect(summary && plainText(summary)).toMatch(
      /^While the watcher was away, 14:02 to 14:31 UTC: failed over to green at 14:05, recovered to blue at 14:20\. All of it is resolved\./,
    );
  });

  it('is also sent as its own alert if it is ongoing', () => {
    const [summary, ...rest] = sentFor([failover(3, 'a'), recovery(5, 'a'), failover(20, 'b')], 29, ['b']);
    expect(summary).toMatchObject({ kind: 'away', stillOpen: ['failed over to green'] });
    expect(rest).toEqual([failover(20, 'b')]);
  });

  it('is also sent as its own alert if it ends what was sent before', () => {
    const [summary, ...rest] = sentFor([recovery(3, 'sent before')]);
    expect(summary).toMatchObject({ kind: 'away', stillOpen: [] });
    expect(rest).toEqual([recovery(3, 'sent before')]);
  });

  it('includes what operators did, and sends as its own alert only what is ongoing or ends what was sent before', () => {
    const deploy = { actor: 'ci', pool: 'green', release: 'v2' } as const;
    const started: Alert = { ...deploy, kind: 'deploy-started', incident: 'd-1', atMs: at(1) };
    const switched: Alert = {
      kind: 'switch',
      incident: 'd-1',
      atMs: at(2),
      from: 'blue',
      to: 'green',
      operation: { reason: 'deploy', actor: 'ci', deploy: 'd-1', release: 'v2' },
    };
    const finished: Alert = {
      ...deploy,
      kind: 'deploy-finished',
      incident: 'd-1',
      atMs: at(3),
      switched: true,
      tookMs: 9,
    };
    const [summary, ...rest] = sentFor([started, switched, finished]);
    expect(rest).toEqual([]);
    expect(summary && plainText(summary)).toContain(
      'deploy of v2 to green started at 14:03, deployed v2 on green at 14:04, deploy of v2 finished at 14:05',
    );
    expect(sentFor([switched, finished]).slice(1)).toEqual([finished]);
    expect(sentFor([started, switched], 29, ['d-1'])).toMatchObject([
      { stillOpen: ['deploy of v2 to green started'] },
      started,
      switched,
    ]);
  });

  it('is not all resolved if a bad release is still active', () => {
    const deploy = { actor: 'ci', pool: 'green', release: 'v2', incident: 'd-1' } as const;
    const started: Alert = { ...deploy, kind: 'deploy-started', atMs: at(1) };
    const stuck = { step: 'bake', why: 'it fails', wasLive: true, tookMs: 9, noWayBack: 'blue is down' };
    const failed: Alert = { ...deploy, ...stuck, kind: 'deploy-failed', wasLive: true, atMs: at(3) };
    const [summary, ...rest] = sentFor([started, failed], 29, ['d-1']);
    expect(summary && plainText(summary)).toContain('deploy of v2 failed at bake, still active on green');
    expect(summary && plainText(summary)).not.toContain('All of it is resolved');
    expect(rest).toEqual([started, failed]);
  });

  it('includes what was held back by a mute that began and ended meanwhile', () => {
    const muted = { kind: 'muted', incident: 'm-1', atMs: at(1), actor: 'alice', untilMs: at(9), ongoing: [] } as const;
    const unmuted = {
      kind: 'unmuted',
      incident: 'm-1',
      atMs: at(9),
      fromMs: at(1),
      toMs: at(9),
      more: 0,
      stillOpen: [],
    } as const;
    const events = [{ atMs: at(2), what: 'outage' }];
    expect(sentFor([muted, { ...unmuted, events: [] }])).toHaveLength(1);
    expect(sentFor([muted, { ...unmuted, events }])).toMatchObject([{ kind: 'away' }, { kind: 'unmuted', events }]);
  });

  it('sends nothing if nothing happened', () => {
    expect(sentFor([])).toEqual([]);
  });

  it('is sent as usual after less than a minute of log, whatever the clock says', () => {
    const alerts = [failover(0.1, 'a'), recovery(0.5, 'a')];
    expect(sentFor(alerts, 0.9)).toEqual(alerts);
  });

  it('is sent as usual after exactly a minute of log, and as a summary after any more', () => {
    const alerts = [failover(0.1, 'a'), recovery(0.5, 'a')];
    expect(sentFor(alerts, 1)).toEqual(alerts);
    expect(sentFor(alerts, 1 + 1 / minute).map(({ kind }) => kind)).toEqual(['away']);
  });

  it('is listed in the order in which it happened, up to the end of the log or the current time, whichever is later', () => {
    const missed = new Missed({ sinceMs: two, alerts: [], left: 0 });
    for (const alert of [recovery(5, 'a'), failover(3, 'a')]) missed.add(alert);
    const present = { isOpen: () => false, nextIncident: () => 'away-1' };
    const [byClock] = missed.finish({ ...present, lastEndMs: at(20), nowMs: at(29) });
    expect(byClock).toMatchObject({ toMs: at(29), events: [{ atMs: at(3) }, { atMs: at(5) }] });
    expect(missed.finish({ ...present, lastEndMs: at(40), nowMs: at(29) })).toMatchObject([{ toMs: at(40) }]);
  });

  it.each<[string, Alert]>([
    [
      'a deploy that failed',
      { ...deployOf('d-0'), kind: 'deploy-failed', wasLive: true, atMs: at(3), step: 'smoke', why: 'no', tookMs: 9 },
    ],
    ['an outage', { kind: 'outage-resolved', incident: 'o-0', atMs: at(3), lastedMs: 9, unserved: 3 }],
    ['maintenance', { kind: 'maintenance-off', incident: 'm-0', atMs: at(3), actor: 'alice' }],
    [
      'a mute that held nothing back',
      {
        kind: 'unmuted',
        incident: 'm-0',
        atMs: at(3),
        fromMs: at(-9),
        toMs: at(3),
        events: [],
        more: 0,
        stillOpen: [],
      },
    ],
    [
      'a failover that a switch has ended',
      {
        kind: 'switch',
        incident: 's-0',
        atMs: at(3),
        from: 'blue',
        to: 'green',
        ended: { incident: 'f-0', lastedMs: 9, served: 1 },
      },
    ],
  ])('is also sent as its own alert if it ends what was sent before: %s', (_, end) => {
    expect(sentFor([end]).slice(1)).toEqual([end]);
  });

  it('is not sent as its own alert if a switch ended a failover that also began meanwhile', () => {
    const ended = { incident: 'f-1', lastedMs: 9, served: 1 };
    const switched: Alert = { kind: 'switch', incident: 's-1', atMs: at(4), from: 'blue', to: 'green', ended };
    expect(sentFor([failover(3, 'f-1'), switched]).map(({ kind }) => kind)).toEqual(['away']);
  });

  it('lists a bad release that is still active as still open, but not once a switch has ended that', () => {
    const stuck: Alert = {
      ...deployOf('d-1'),
      kind: 'deploy-failed',
      wasLive: true,
      atMs: at(3),
      step: 'bake',
      why: 'no',
      tookMs: 9,
      noWayBack: 'blue is down',
    };
    expect(sentFor([stuck], 29, ['d-1'])).toMatchObject([{ stillOpen: [expect.stringContaining('v2')] }, stuck]);
    expect(sentFor([stuck])).toMatchObject([{ kind: 'away', stillOpen: [] }]);
  });

  it('is kept for the next start: up to a thousand alerts, and the number of the others', () => {
    const missed = new Missed({ sinceMs: two, alerts: [], left: 0 });
    for (let number = 0; number < 1_200; number++) missed.add(failover(0.1, `i${number}`));
    const { alerts, left } = missed.snapshot();
    expect([alerts.length, left]).toEqual([1_000, 200]);
    const again = new Missed(JSON.parse(JSON.stringify(missed.snapshot())));
    expect(again.snapshot()).toEqual(missed.snapshot());
  });

  it('stays readable if a lot happened', () => {
    const many = Array.from({ length: 5_000 }, (_, index) => failover(index / 1_000, `i${index}`));
    const [summary] = sentFor(many);
    expect(summary).toMatchObject({ kind: 'away', more: 4_980 });
    expect(summary && plainText(summary).length).toBeLessThan(2_000);
  });
});
