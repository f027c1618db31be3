import { beforeEach, describe, expect, it } from 'vitest';
import { accessLine, type LineFields, reroutedLine, unservedLine } from '../../test/access-lines.ts';
import { Decisions, kinds, noon } from '../../test/decisions.ts';
import {
  alertTestRecord,
  canaryRecord,
  deployFailed,
  deployFinished,
  deployStarted,
  maintenanceRecord,
  switchRecord,
} from '../../test/journal-records.ts';
import { webhookMessage } from '../channels/webhook.ts';
import type { DownFlags } from '../control/flags.ts';
import { plainText, wordingOf } from '../words/wording.ts';
import { longTally } from './buckets.ts';
import { isOpen, ongoing } from './open-incidents.ts';
import { learn } from './operations.ts';

const healthy: DownFlags = { active: 'blue', blue: null, green: null };
const greenDown = (seenMs: number): DownFlags => ({ ...healthy, green: { seenMs: noon + seenMs } });

let decisions: Decisions;

const served = (startMs: number, fields?: LineFields) => accessLine({ startMs: noon + startMs, ...fields });
const tick = (atMs: number, flags: DownFlags | null = healthy) => decisions.tick(noon + atMs, flags);

beforeEach(() => {
  decisions = new Decisions();
});

describe('a test alert', () => {
  it('is sent under the id that its command knows', () => {
    expect(decisions.record(alertTestRecord(noon))).toMatchObject([{ kind: 'test', incident: 't-7', actor: 'alice' }]);
  });

  it('is never held back, because somebody is waiting for it', () => {
    tick(0, { ...healthy, muted: { sinceMs: noon, untilMs: noon + 60_000, actor: 'alice' } });
    expect(kinds(decisions.record(alertTestRecord(noon + 1)))).toEqual(['test']);
    decisions = new Decisions({ maintenance: true });
    expect(kinds(decisions.record(alertTestRecord(noon + 2)))).toEqual(['test']);
  });
});

describe('a deploy', () => {
  it('is one incident from its beginning to its end', () => {
    decisions.log(served(0));
    const sent = [
      ...decisions.record(deployStarted(noon + 1_000, { image: 'shop:2', replaces: 'v0', activeRelease: 'v1' })),
      ...decisions.record(switchRecord('green', noon + 30_000, { reason: 'deploy', deploy: 'd-7', release: 'v2' })),
      ...decisions.log(served(30_100, { active: 'green' })),
      ...decisions.record(deployFinished(noon + 61_000, { bake: { lastedMs: 30_000, requests: 900, failed: 0 } })),
    ];
    expect(kinds(sent)).toEqual(['deploy-started', 'switch', 'deploy-finished']);
    expect(new Set(sent.map(({ incident }) => incident))).toEqual(new Set(['d-7']));
    expect(sent[0]).toMatchObject({
      pool: 'green',
      release: 'v2',
      image: 'shop:2',
      replaces: 'v0',
      activeRelease: 'v1',
    });
  });

  it('is sent in the order of events, even without visitors', () => {
    decisions.log(served(0));
    decisions.record(switchRecord('green', noon + 30_000, { reason: 'deploy', deploy: 'd-7' }));
    expect(kinds(decisions.record(deployFinished(noon + 30_100)))).toEqual(['switch', 'deploy-finished']);
    expect([
      ...tick(40_000, { ...healthy, active: 'green' }),
      ...decisions.log(served(50_000, { active: 'green' })),
    ]).toEqual([]);
  });

  it('sends its failure before the switch, but only the switch back if it was rolled back', () => {
    decisions.record(deployStarted(noon));
    expect(decisions.record(deployFailed(noon + 1, { wasUsed: false }))).toMatchObject([
      { kind: 'deploy-failed', incident: 'd-7', wasLive: false },
    ]);
    decisions.record(deployStarted(noon + 2));
    const back = { rolledBack: true, step: 'bake', wasUsed: true, restored: 'v1' };
    expect(decisions.record(deployFailed(noon + 3, back))).toEqual([]);
    expect(decisions.state.operations.deploy).toBeNull();
  });

  it('sends its failure after a rollback if it left no standby', () => {
    const [failed] = decisions.record(deployFailed(noon, { rolledBack: true, step: 'bake', wasUsed: true }));
    expect(failed && wordingOf(failed)).toMatchObject({
      headline: 'Rolled back: v2, but green is no standby now',
      tone: 'warning',
    });
  });

  it.each([
    [{ wasUsed: false }, /No visitor was sent to it/],
    [{ wasUsed: true, step: 'canary 25%' }, /Some visitors were sent to it/],
    [{ wasUsed: true, step: 'switch' }, /Some visitors were sent to it/],
  ])('that failed says whether visitors were sent to it, according to its record: %j', (more, words) => {
    const [failed] = decisions.record(deployFailed(noon, more));
    expect(failed && plainText(failed)).toMatch(words);
    expect(failed && wordingOf(failed).headline).toMatch(/; blue keeps serving$/);
  });

  const stuck = { step: 'bake', wasUsed: true, noWayBack: 'blue is not healthy either (status 503)' };

  it('that cannot be rolled back is the worst outcome: the release is still active', () => {
    const [failed] = decisions.record(deployFailed(noon, stuck));
    expect(failed && wordingOf(failed)).toMatchObject({
      headline: 'Deploy failed at bake: v2 is STILL ACTIVE on green, not rolled back',
      summary: 'It answers 500. Blue is not healthy either (status 503).',
      facts: expect.arrayContaining([
        { label: 'Now serving', spans: [{ text: 'green' }, { text: ' ' }, { code: 'v2' }] },
      ]),
      tone: 'bad',
      anchor: 'not-rolled-back',
    });
  });

  it('that cannot be rolled back stays open until the next switch', () => {
    decisions.log(served(0, { active: 'green' }));
    decisions.record(deployFailed(noon + 1_000, stuck));
    expect(ongoing(decisions.state)).toEqual(['v2 still active on green']);
    expect(isOpen(decisions.state, 'd-7')).toBe(true);
    decisions.record(switchRecord('blue', noon + 2_000, { reason: 'rollback' }));
    decisions.log(served(2_100));
    expect(ongoing(decisions.state)).toEqual([]);
    expect(isOpen(decisions.state, 'd-7')).toBe(false);
  });

  it('that ends without a bake is not reported as proven', () => {
    const bake = { lastedMs: 30_000, requests: 900, failed: 0 };
    const [baked] = decisions.record(deployFinished(noon, { bake }));
    const [unbaked] = decisions.record(deployFinished(noon + 1));
    expect(baked && wordingOf(baked)).toMatchObject({ tone: 'good', anchor: 'deploy-finished' });
    expect(unbaked && wordingOf(unbaked)).toMatchObject({
      headline: 'Deploy finished, not monitored: v2 serves on green',
      tone: 'neutral',
      anchor: 'deploy-not-monitored',
    });
  });

  it('excuses its standby until it should be ready, and the five seconds start then', () => {
    decisions.record(deployStarted(noon, { untilMs: noon + 60_000 }));
    expect([...tick(10_000, greenDown(1_000)), ...tick(64_900, greenDown(1_000))]).toEqual([]);
    expect(tick(65_000, greenDown(1_000))).toMatchObject([{ kind: 'standby-down', atMs: noon + 1_000 }]);
  });

  it('that has failed no longer excuses its standby: it is reported five seconds later', () => {
    decisions.record(deployStarted(noon, { untilMs: noon + 600_000 }));
    decisions.record(deployFailed(noon + 20_000));
    expect(tick(24_900, greenDown(1_000))).toEqual([]);
    expect(kinds(tick(25_000, greenDown(1_000)))).toEqual(['standby-down']);
  });

  it.each([
    ['a canary that fails late', canaryRecord(0, noon + 600_000, { deploy: 'd-7' }), healthy],
    [
      'an automatic rollback',
      switchRecord('blue', noon + 600_000, { reason: 'bake', deploy: 'd-7' }),
      { ...healthy, active: 'blue' },
    ],
  ] as const)('excuses its standby for as long again after %s', (_, record, flags) => {
    decisions.record(deployStarted(noon, { untilMs: noon + 120_000 }));
    decisions.record(record);
    const down = { ...flags, green: { seenMs: noon + 601_000 } };
    expect([...tick(610_000, down), ...tick(724_900, down)].filter(({ kind }) => kind === 'standby-down')).toEqual([]);
    expect(kinds(tick(725_000, down))).toContain('standby-down');
  });

  it('does not excuse its standby for longer because of another deploy or a person', () => {
    decisions.record(deployStarted(noon, { untilMs: noon + 120_000 }));
    decisions.record(canaryRecord(0, noon + 600_000));
    decisions.record(switchRecord('blue', noon + 600_000, { reason: 'bake', deploy: 'd-6' }));
    expect(kinds(tick(606_000, greenDown(601_000)))).toContain('standby-down');
  });

  it.each([
    ['its canary begins', canaryRecord(5, noon + 100_000, { deploy: 'd-7' })],
    ['it switches', switchRecord('green', noon + 100_000, { reason: 'deploy', deploy: 'd-7' })],
  ])('has no longer for its standby because %s', (_, record) => {
    decisions.record(deployStarted(noon, { untilMs: noon + 120_000 }));
    decisions.record(record);
    expect(kinds(tick(125_000, greenDown(119_000)))).toContain('standby-down');
  });

  it('is closed when it finishes, and a standby that is down is reported five seconds later', () => {
    decisions.record(deployStarted(noon, { untilMs: noon + 600_000 }));
    decisions.record(deployFinished(noon + 20_000, { switched: false }));
    expect(decisions.state.operations.deploy).toBeNull();
    expect(tick(24_900, greenDown(1_000))).toEqual([]);
    expect(kinds(tick(25_000, greenDown(1_000)))).toEqual(['standby-down']);
  });

  it('that finishes without a switch does not send the alert of a switch that was announced meanwhile', () => {
    decisions.log(served(0));
    decisions.record(deployStarted(noon + 1));
    decisions.record(switchRecord('green', noon + 2));
    expect(kinds(decisions.record(deployFinished(noon + 3, { switched: false })))).toEqual(['deploy-finished']);
    expect(kinds(decisions.record(deployFinished(noon + 4)))).toEqual(['switch', 'deploy-finished']);
  });

  it('is not ended by the end of another one', () => {
    decisions.record(deployStarted(noon));
    decisions.record(deployFailed(noon + 1_000, { deploy: 'd-6' }));
    decisions.record(deployFinished(noon + 2_000, { deploy: 'd-6' }));
    expect(decisions.state.operations.deploy).toMatchObject({ id: 'd-7' });
  });

  it('that fails reports what its pool runs again, and leaves nothing open', () => {
    decisions.record(deployStarted(noon));
    expect(decisions.record(deployFailed(noon + 1_000, { restored: 'v1' }))).toMatchObject([{ restored: 'v1' }]);
    expect(decisions.state.operations.stillActive).toBeNull();
  });

  it('does not excuse the other pool', () => {
    decisions.record(deployStarted(noon, { pool: 'blue' }));
    expect(kinds(tick(10_000, greenDown(1_000)))).toEqual(['standby-down']);
  });

  it('does not hide an outage', () => {
    decisions.record(deployStarted(noon));
    const down = { ...greenDown(1_000), blue: { seenMs: noon + 1_000 } };
    expect([...tick(1_000, down), ...tick(3_000, down)]).toMatchObject([{ kind: 'outage' }]);
  });

  it('excuses a standby only for a limited time, whatever its record says or the clock does', () => {
    decisions.record(deployStarted(noon, { untilMs: noon + 30 * 86_400_000 }));
    expect(kinds(tick(10_000, greenDown(1_000)))).toEqual(['standby-down']);
  });

  it('does not hold back a standby-down alert if it expects a downtime of more than two hours', () => {
    decisions.record(deployStarted(noon, { untilMs: noon + 2 * 3_600_000 + 11_000 }));
    expect(kinds(tick(10_000, greenDown(1_000)))).toEqual(['standby-down']);
  });

  it('whose command was killed does not stay open forever', () => {
    decisions.record(deployStarted(noon, { untilMs: noon + 60_000 }));
    tick(60_000 + 3_600_000);
    expect(decisions.state.operations.deploy).not.toBeNull();
    tick(60_000 + 3_600_250);
    expect(decisions.state.operations.deploy).toBeNull();
  });

  it('ignores cooldowns, and is sent during maintenance too', () => {
    decisions = new Decisions({ cooldownMs: 300_000 });
    expect(kinds([...decisions.record(deployStarted(noon)), ...decisions.record(deployStarted(noon + 1))])).toEqual([
      'deploy-started',
      'deploy-started',
    ]);
    decisions = new Decisions({ maintenance: true });
    expect(kinds(decisions.record(deployStarted(noon)))).toEqual(['deploy-started']);
  });
});

describe('a canary', () => {
  it('is sent with its share, and again when it is off', () => {
    const sent = [...decisions.record(canaryRecord(5, noon)), ...decisions.record(canaryRecord(0, noon + 1))];
    expect(sent.map((alert) => plainText(alert).split('. ')[0])).toEqual([
      'Canary: 5% of visitors → green (v2)',
      'Canary off: green (v2)',
    ]);
  });

  it('failed if its record says so, but not if somebody stopped it', () => {
    const why = 'stopped by hand';
    const [stopped] = decisions.record(canaryRecord(0, noon, { why }));
    const [bad] = decisions.record(canaryRecord(0, noon + 1, { why: '3 of 40 requests failed', didBadly: true }));
    expect(stopped && wordingOf(stopped)).toMatchObject({ headline: 'Canary off: green (v2)', tone: 'neutral' });
    expect(stopped && plainText(stopped)).toContain('Stopped by hand.');
    expect(bad && wordingOf(bad)).toMatchObject({ headline: 'Canary off: green (v2) failed', tone: 'warning' });
  });

  it('of a deploy shares its id, as all its alerts do', () => {
    const sent = [
      ...decisions.record(deployStarted(noon)),
      ...decisions.record(canaryRecord(5, noon + 1, { deploy: 'd-7' })),
      ...decisions.record(canaryRecord(0, noon + 2, { deploy: 'd-7' })),
      ...decisions.record(deployFailed(noon + 3)),
    ];
    expect(sent.map(({ incident }) => incident)).toEqual(['d-7', 'd-7', 'd-7', 'd-7']);
    expect(new Set(sent.map((alert) => webhookMessage({ alert }, {}, 'full').id)).size).toBe(4);
  });

  it('that the standby answers is no failover, no recovery and no switch', () => {
    const canary = { route: 'canary', pool: 'green', active: 'blue' } as const;
    expect(decisions.log(served(0), served(100, canary), served(200))).toEqual([]);
    decisions.log(reroutedLine({ startMs: noon + 1_000 }));
    // The canary failed on the standby, and the active pool answered.
    const masked = reroutedLine({ startMs: noon + 1_200, route: 'canary', pool: 'blue', active: 'blue' });
    expect(decisions.log(served(1_100, { route: 'canary', pool: 'blue' }), masked)).toEqual([]);
    expect(decisions.log(served(2_000, { route: 'canary', active: 'green' }))).toEqual([]);
    expect(decisions.state.routing).toMatchObject({ active: 'blue', serving: 'green' });
    expect(kinds(decisions.log(served(3_000)))).toEqual(['recovery']);
  });

  it('counts towards the error rate and an outage', () => {
    decisions = new Decisions({ windowSize: 10, thresholdPercent: 20, sloPercent: 99 });
    const failed = (at: number) => served(at, { route: 'canary', pool: 'green', status: 500 });
    expect(kinds(decisions.log(...Array.from({ length: 10 }, (_, at) => failed(at))))).toEqual(['error-rate']);
    expect(longTally(decisions.state.burnRate.buckets)).toEqual({ requests: 10, failed: 10 });
    const unserved = (at: number) => unservedLine({ startMs: noon + at, route: 'canary' });
    expect(kinds(decisions.log(unserved(100), unserved(101), unserved(102)))).toEqual(['outage']);
    expect(kinds(decisions.log(served(200, { route: 'canary', pool: 'green' })))).toEqual(['outage-resolved']);
  });
});

describe('a preview', () => {
  it('changes nothing', () => {
    decisions = new Decisions({ windowSize: 10, sloPercent: 99 });
    decisions.log(served(0), served(1));
    const before = JSON.stringify(decisions.state);
    for (let at = 0; at < 50; at++) {
      const startMs = noon + 100 + at;
      decisions.log(
        unservedLine({ startMs, route: 'preview' }),
        reroutedLine({ startMs, route: 'preview' }),
        served(100 + at, { route: 'preview', active: 'green', pool: 'green' }),
        served(100 + at, { route: 'preview', status: 503, pool: '-', upstreamStatus: '-', upstreamAddr: '-' }),
      );
    }
    expect(decisions.verdicts).toEqual([]);
    expect(JSON.stringify(decisions.state)).toBe(before);
  });
});

describe('the maintenance page', () => {
  const page = (startMs: number) =>
    served(startMs, { status: 503, pool: '-', release: '-', upstreamStatus: '-', upstreamAddr: '-' });

  it('is sent when it is on, and when it is off with the number of requests that got it, including those logged a moment later', () => {
    expect(decisions.record(maintenanceRecord(true, noon))).toMatchObject([{ kind: 'maintenance-on', actor: 'alice' }]);
    decisions.log(page(1_000), page(2_000), served(3_000, { status: 503 }), served(4_000));
    expect(decisions.record(maintenanceRecord(false, noon + 720_000))).toEqual([]);
    decisions.log(page(719_999));
    expect(tick(720_900)).toEqual([]);
    expect(tick(721_000)).toMatchObject([
      { kind: 'maintenance-off', lastedMs: 720_000, answered: 3, atMs: noon + 720_000 },
    ]);
    decisions.log(page(722_000));
    expect(tick(800_000)).toEqual([]);
  });

  it('is sent once however often it is switched on, and its end is sent even if its beginning is not known', () => {
    decisions.record(maintenanceRecord(true, noon));
    expect(decisions.record(maintenanceRecord(true, noon + 10))).toEqual([]);
    decisions = new Decisions();
    expect(decisions.record(maintenanceRecord(false, noon))).toEqual([
      { kind: 'maintenance-off', incident: '1123-1200-1', atMs: noon, actor: 'alice' },
    ]);
  });

  it('does not count a request that was refused for another reason', () => {
    decisions.record(maintenanceRecord(true, noon));
    decisions.log(served(1_000, { status: 400, pool: '-', active: '-', upstreamStatus: '-', upstreamAddr: '-' }));
    decisions.record(maintenanceRecord(false, noon + 2_000));
    expect(tick(3_000)).toMatchObject([{ answered: 0 }]);
  });

  it('continues if it is off for less than a second, however long it was on', () => {
    const [on] = decisions.record(maintenanceRecord(true, noon));
    decisions.log(page(1_000));
    expect(tick(600_000)).toEqual([]);
    decisions.record(maintenanceRecord(false, noon + 600_000));
    decisions.record(maintenanceRecord(true, noon + 600_500));
    expect(tick(700_000)).toEqual([]);
    decisions.record(maintenanceRecord(false, noon + 720_000));
    expect(tick(721_000)).toMatchObject([{ incident: on?.incident, lastedMs: 720_000, answered: 1 }]);
  });

  it('is off from the first record that says so', () => {
    decisions.record(maintenanceRecord(true, noon));
    decisions.record(maintenanceRecord(false, noon + 600_000));
    decisions.record(maintenanceRecord(false, noon + 600_500));
    expect(tick(601_000)).toMatchObject([{ kind: 'maintenance-off', atMs: noon + 600_000 }]);
  });
});

describe('a deploy that began before the first start of the watcher', () => {
  it('is in progress if it has not ended, and sends no alert', () => {
    learn(decisions.state, deployStarted(noon), noon);
    expect(ongoing(decisions.state)).toEqual(['deploy of v2 to green']);
    expect(decisions.verdicts).toEqual([]);
  });

  it.each([
    ['failed', deployFailed(noon + 1)],
    ['finished', deployFinished(noon + 1)],
  ])('is not in progress if it has %s', (_, end) => {
    learn(decisions.state, deployStarted(noon), noon);
    learn(decisions.state, end, noon + 1);
    expect(ongoing(decisions.state)).toEqual([]);
  });

  it('neither begins nor ends by a record of another kind', () => {
    learn(decisions.state, canaryRecord(5, noon, { deploy: 'd-7' }), noon);
    learn(decisions.state, maintenanceRecord(true, noon), noon);
    expect(ongoing(decisions.state)).toEqual([]);
    learn(decisions.state, deployStarted(noon + 1), noon + 1);
    learn(decisions.state, canaryRecord(0, noon + 2, { deploy: 'd-7' }), noon + 2);
    expect(ongoing(decisions.state)).toHaveLength(1);
  });
});
