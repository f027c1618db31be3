import { beforeEach, describe, expect, it } from 'vitest';
import { accessLine, type LineFields, reroutedLine } from '../../test/access-lines.ts';
import { Decisions, kinds, noon } from '../../test/decisions.ts';
import { alertTestRecord, deployStarted, muteRecord, switchRecord, unmuteRecord } from '../../test/journal-records.ts';
import type { DownFlags } from '../control/flags.ts';
import { plainText } from '../words/wording.ts';
import { flagsAfter, hasMuteChanged } from './mute.ts';

const minute = 60_000;
const day = 86_400_000;
const none: DownFlags = { active: 'blue', blue: null, green: null };

let decisions: Decisions;

const served = (startMs: number, fields?: LineFields) => accessLine({ startMs: noon + startMs, ...fields });
const rerouted = (startMs: number, fields?: LineFields) => reroutedLine({ startMs: noon + startMs, ...fields });
const muted = (untilMs: number, sinceMs = 0): DownFlags => ({
  ...none,
  muted: { sinceMs: noon + sinceMs, untilMs: noon + untilMs, actor: 'alice' },
});
const tick = (atMs: number, flags: DownFlags | null = none) => decisions.tick(noon + atMs, flags);
const words = (alerts: readonly Parameters<typeof plainText>[0][]) => alerts.map((alert) => plainText(alert));

beforeEach(() => {
  decisions = new Decisions();
});

describe('while alerts are muted', () => {
  it('only the mute and its end are sent, and the end lists what was held back', () => {
    decisions.log(served(0));
    expect(words(tick(2 * minute, muted(31 * minute, 2 * minute)))[0]).toMatch(
      /^Alerts muted until 12:31 UTC\. For 29 min\. Nothing is open\. Until: 2025-11-23 12:31:00 UTC · By: alice/,
    );
    expect(decisions.log(rerouted(5 * minute), served(20 * minute))).toEqual([]);
    expect(tick(30 * minute, muted(31 * minute, 2 * minute))).toEqual([]);
    expect(words(tick(31 * minute, muted(31 * minute, 2 * minute)))[0]).toMatch(
      /^Alerts are on again; muted 12:02 to 12:31 UTC: failed over to green at 12:05, recovered to blue at 12:20\. All of it is resolved\./,
    );
    expect(tick(32 * minute, muted(31 * minute, 2 * minute))).toEqual([]);
    expect(decisions.heldBack()).toEqual(['failover: muted', 'recovery: not-announced']);
    // What the list covers is not counted again.
    expect(decisions.log(rerouted(40 * minute))[0]).not.toHaveProperty('heldBack');
  });

  it('the end of an earlier incident is in the list, and the mute says what is ongoing', () => {
    decisions.log(served(0), rerouted(1_000));
    expect(tick(minute, muted(10 * minute))).toMatchObject([{ ongoing: ['failed over to green'] }]);
    expect(decisions.log(served(2 * minute))).toEqual([]);
    expect(tick(10 * minute)).toMatchObject([
      { kind: 'unmuted', events: [{ atMs: noon + 2 * minute, what: 'recovered to blue' }], stillOpen: [] },
    ]);
  });

  it('what is still open at the end is listed, and its own alert is sent', () => {
    decisions.log(served(0));
    tick(1_000, muted(10 * minute));
    decisions.log(rerouted(minute));
    const sent = tick(10 * minute);
    expect(sent).toMatchObject([
      { kind: 'unmuted', stillOpen: ['failed over to green'] },
      { kind: 'failover', atMs: noon + minute },
    ]);
    expect(tick(11 * minute)).toEqual([]);
    expect(kinds(decisions.log(served(12 * minute)))).toEqual(['recovery']);
  });

  it('a switch and a deploy are in the list, and are not sent again', () => {
    decisions.log(served(0));
    tick(1_000, muted(10 * minute));
    decisions.record(deployStarted(noon + 2_000));
    decisions.record(switchRecord('green', noon + 3_000, { reason: 'deploy', deploy: 'd-7', release: 'v2' }));
    expect(decisions.log(served(3_100, { active: 'green' }))).toEqual([]);
    const sent = tick(10 * minute, { ...none, active: 'green' });
    expect(sent).toMatchObject([
      {
        kind: 'unmuted',
        events: [{ what: 'deploy of v2 to green started' }, { what: 'deployed v2 on green' }],
        stillOpen: ['deploy of v2 to green'],
      },
    ]);
    expect(tick(20 * minute, { ...none, active: 'green' })).toEqual([]);
  });

  it('the mute ends as soon as its file is gone, but not because the directory cannot be read', () => {
    tick(0, muted(30 * minute));
    expect(tick(minute, null)).toEqual([]);
    expect(tick(2 * minute)).toMatchObject([{ kind: 'unmuted', toMs: noon + 2 * minute }]);
    tick(3 * minute, muted(30 * minute));
    expect(kinds(tick(30 * minute, null))).toEqual(['unmuted']);
  });

  it('the mute can be extended or shortened, with one alert for each change and one for the end', () => {
    const [first] = tick(0, muted(10 * minute));
    expect(tick(5 * minute, muted(30 * minute))).toMatchObject([
      { kind: 'muted', incident: first?.incident, insteadOfMs: noon + 10 * minute, untilMs: noon + 30 * minute },
    ]);
    expect(tick(11 * minute, muted(30 * minute))).toEqual([]);
    expect(kinds(tick(12 * minute, muted(20 * minute)))).toEqual(['muted']);
    expect(kinds(tick(20 * minute, muted(20 * minute)))).toEqual(['unmuted']);
  });

  it('the mute survives a restart without another alert, and ends although its file was removed meanwhile', () => {
    decisions.log(served(0));
    tick(0, muted(30 * minute));
    decisions.log(rerouted(minute));
    decisions.restart();
    expect(tick(2 * minute, muted(30 * minute))).toEqual([]);
    decisions.log(served(3 * minute));
    decisions.restart();
    expect(tick(4 * minute)).toMatchObject([
      { kind: 'unmuted', events: [{ what: 'failed over to green' }, { what: 'recovered to blue' }] },
    ]);
    decisions.restart();
    expect(tick(5 * minute)).toEqual([]);
  });

  it('the list is limited, and says how many events it leaves out', () => {
    decisions.log(served(0));
    tick(0, muted(6 * day));
    // Too far apart to be flapping.
    for (let at = 1; at <= 15; at++) decisions.log(rerouted(at * 10 * minute), served((at * 10 + 6) * minute));
    const [end] = tick(6 * day);
    expect(end?.kind === 'unmuted' && [end.events.length, end.more]).toEqual([20, 10]);
  });

  it.each([
    ['has passed', -1],
    ['is more than a week ahead', 7 * day + 1],
  ])('an end that %s mutes nothing', (_, untilMs) => {
    expect(tick(0, muted(untilMs, -minute))).toEqual([]);
    expect(kinds(decisions.log(rerouted(1_000)))).toEqual(['failover']);
  });

  it('setting the clock back by a month does not mute for a month', () => {
    tick(0, muted(30 * minute));
    expect(kinds(tick(-30 * day, muted(30 * minute)))).toEqual(['unmuted']);
  });

  it('what a cooldown held back before the mute is still counted afterwards', () => {
    decisions = new Decisions({ cooldownMs: 10 * minute });
    decisions.log(rerouted(0), served(1_000), rerouted(60_000), served(61_000));
    tick(2 * minute, muted(10 * minute));
    decisions.log(rerouted(8 * minute), served(9 * minute));
    tick(10 * minute);
    expect(decisions.log(rerouted(15 * minute))).toMatchObject([{ kind: 'failover', heldBack: { count: 1 } }]);
  });

  it('a test alert, which is sent all the same, is not in the list', () => {
    tick(0, muted(10 * minute));
    expect(kinds(decisions.record(alertTestRecord(noon + minute)))).toEqual(['test']);
    expect(tick(10 * minute)).toMatchObject([{ kind: 'unmuted', events: [] }]);
  });

  it('the time counts from when it was muted, or from when that was seen if that is said to be later', () => {
    tick(2 * minute, muted(10 * minute));
    expect(tick(10 * minute)).toMatchObject([{ kind: 'unmuted', fromMs: noon }]);
    tick(20 * minute, muted(30 * minute, 25 * minute));
    expect(tick(30 * minute)).toMatchObject([{ kind: 'unmuted', fromMs: noon + 20 * minute }]);
  });

  it('a switch that a cooldown had held back before is still sent after it, whatever else was held back', () => {
    decisions = new Decisions({ cooldownMs: 10 * minute });
    const green = { active: 'green' } as const;
    decisions.log(served(0), served(1_000, green), served(2_000), served(3_000, green));
    expect(decisions.heldBack()).toEqual(['switch: cooldown']);
    tick(minute, { ...muted(5 * minute), active: 'green' });
    decisions.log(rerouted(2 * minute, green), served(3 * minute, green));
    expect(kinds(tick(5 * minute, { ...none, active: 'green' }))).toEqual(['unmuted']);
    expect(kinds(tick(11 * minute, { ...none, active: 'green' }))).toEqual(['switch']);
  });

  it('the mute and its end are sent even with MAINTENANCE_MODE, but a failover that is still open is not', () => {
    decisions = new Decisions({ maintenance: true });
    tick(0, muted(10 * minute));
    decisions.log(rerouted(minute));
    tick(10 * minute);
    tick(11 * minute);
    expect(kinds(decisions.sent())).toEqual(['muted', 'unmuted']);
    expect(decisions.heldBack()).toEqual(['failover: muted']);
  });
});

describe('a mute that the journal records while the watcher is not running', () => {
  it('is in the flags from its record until the record of its end', () => {
    const after = flagsAfter(none, muteRecord(noon + minute, noon));
    expect(after).toEqual({ ...none, muted: { sinceMs: noon, untilMs: noon + minute, actor: 'alice' } });
    expect(flagsAfter(after, deployStarted(noon + 1))).toEqual(after);
    expect(flagsAfter(after, unmuteRecord(noon + 2))).toEqual(none);
    expect(flagsAfter(null, muteRecord(noon + minute, noon))).toBeNull();
  });
});

describe('a change of the mute in the flags', () => {
  const changed = (flags: DownFlags | null, atMs = 0) => {
    decisions.state.flags = flags;
    return hasMuteChanged(decisions.state, noon + atMs);
  };

  it('is its beginning, a new end time, or its end', () => {
    expect(changed(muted(minute))).toBe(true);
    tick(0, muted(minute));
    expect(changed(muted(2 * minute))).toBe(true);
    expect(changed(muted(minute), minute)).toBe(true);
    expect(changed(none)).toBe(true);
  });

  it('is not a mute that continues, no mute, or flags that cannot be read', () => {
    expect(changed(none)).toBe(false);
    expect(changed(null)).toBe(false);
    expect(changed(muted(-1, -minute))).toBe(false);
    tick(0, muted(minute));
    expect(changed(muted(minute), 1_000)).toBe(false);
    expect(changed(null)).toBe(false);
  });
});
