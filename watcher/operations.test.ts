import { beforeEach, describe, expect, it } from 'vitest';
import { accessLine, type LineFields, reroutedLine, unservedLine } from '../test/access-lines.ts';
import { Decisions, kinds, noon } from '../test/decisions.ts';
import {
  canaryRecord,
  deployFailed,
  deployFinished,
  deployStarted,
  maintenanceRecord,
  switchRecord,
} from '../test/journal-records.ts';
import type { DownFlags } from './flags.ts';
import { plainText } from './wording.ts';

const well: DownFlags = { active: 'blue', blue: null, green: null };
const greenDown = (seenMs: number): DownFlags => ({ ...well, green: { seenMs: noon + seenMs } });

let decisions: Decisions;

const served = (startMs: number, fields?: LineFields) => accessLine({ startMs: noon + startMs, ...fields });
const tick = (atMs: number, flags: DownFlags | null = well) => decisions.tick(noon + atMs, flags);

beforeEach(() => {
  decisions = new Decisions();
});

describe('a deploy', () => {
  it('is told with its beginning and its end under one incident', () => {
    decisions.log(served(0));
    const told = [
      ...decisions.record(deployStarted(noon + 1_000, { image: 'shop:2', replaces: 'v0', activeRelease: 'v1' })),
      ...decisions.record(switchRecord('green', noon + 30_000, { reason: 'deploy', deploy: 'd-7', release: 'v2' })),
      ...decisions.log(served(30_100, { active: 'green' })),
      ...decisions.record(deployFinished(noon + 61_000, { bake: { lastedMs: 30_000, requests: 900, failed: 0 } })),
    ];
    expect(kinds(told)).toEqual(['deploy-started', 'switch', 'deploy-finished']);
    expect(new Set(told.map(({ incident }) => incident))).toEqual(new Set(['d-7']));
    expect(told[0]).toMatchObject({
      pool: 'green',
      release: 'v2',
      image: 'shop:2',
      replaces: 'v0',
      activeRelease: 'v1',
    });
  });

  it('without visitors is told in the order in which it happened', () => {
    decisions.log(served(0));
    decisions.record(switchRecord('green', noon + 30_000, { reason: 'deploy', deploy: 'd-7' }));
    expect(kinds(decisions.record(deployFinished(noon + 30_100)))).toEqual(['switch', 'deploy-finished']);
    expect([
      ...tick(40_000, { ...well, active: 'green' }),
      ...decisions.log(served(50_000, { active: 'green' })),
    ]).toEqual([]);
  });

  it('that fails before the switch is told, and one that was rolled back by its switch alone', () => {
    decisions.record(deployStarted(noon));
    expect(decisions.record(deployFailed(noon + 1))).toMatchObject([
      { kind: 'deploy-failed', incident: 'd-7', wasLive: false },
    ]);
    decisions.record(deployStarted(noon + 2));
    expect(decisions.record(deployFailed(noon + 3, { rolledBack: true, step: 'bake' }))).toEqual([]);
    expect(decisions.state.operations.deploy).toBeNull();
  });

  it('that fails after the switch does not say that visitors saw nothing of it', () => {
    decisions.log(served(0));
    decisions.record(switchRecord('green', noon + 1_000, { reason: 'deploy', deploy: 'd-7' }));
    decisions.log(served(1_100, { active: 'green' }));
    const [failed] = decisions.record(deployFailed(noon + 2_000, { step: 'post-switch hook' }));
    expect(failed).toMatchObject({ wasLive: true });
    expect(failed && plainText(failed)).not.toContain('Visitors saw nothing');
  });

  it('does not make the standby missed that it works on, until it was to be ready; then the five seconds begin anew', () => {
    decisions.record(deployStarted(noon, { untilMs: noon + 60_000 }));
    expect([...tick(10_000, greenDown(1_000)), ...tick(64_900, greenDown(1_000))]).toEqual([]);
    expect(tick(65_000, greenDown(1_000))).toMatchObject([{ kind: 'standby-down', atMs: noon + 1_000 }]);
  });

  it('that has failed leaves a standby that is missed five seconds later', () => {
    decisions.record(deployStarted(noon, { untilMs: noon + 600_000 }));
    decisions.record(deployFailed(noon + 20_000));
    expect(tick(24_900, greenDown(1_000))).toEqual([]);
    expect(kinds(tick(25_000, greenDown(1_000)))).toEqual(['standby-down']);
  });

  it('does not keep the other pool from being missed', () => {
    decisions.record(deployStarted(noon, { pool: 'blue' }));
    expect(kinds(tick(10_000, greenDown(1_000)))).toEqual(['standby-down']);
  });

  it('does not hide an outage', () => {
    decisions.record(deployStarted(noon));
    const down = { ...greenDown(1_000), blue: { seenMs: noon + 1_000 } };
    expect([...tick(1_000, down), ...tick(3_000, down)]).toMatchObject([{ kind: 'outage' }]);
  });

  it('keeps no standby quiet for long, whatever its record says or the clock does', () => {
    decisions.record(deployStarted(noon, { untilMs: noon + 30 * 86_400_000 }));
    expect(kinds(tick(10_000, greenDown(1_000)))).toEqual(['standby-down']);
  });

  it('whose command was killed is not open for ever', () => {
    decisions.record(deployStarted(noon, { untilMs: noon + 60_000 }));
    tick(60_000 + 3_600_000);
    expect(decisions.state.operations.deploy).not.toBeNull();
    tick(60_000 + 3_600_250);
    expect(decisions.state.operations.deploy).toBeNull();
  });

  it('is told whatever was told just before, but not during maintenance', () => {
    decisions = new Decisions({ cooldownMs: 300_000 });
    expect(kinds([...decisions.record(deployStarted(noon)), ...decisions.record(deployStarted(noon + 1))])).toEqual([
      'deploy-started',
      'deploy-started',
    ]);
    decisions = new Decisions({ maintenance: true });
    expect(decisions.record(deployStarted(noon))).toEqual([]);
    expect(decisions.heldBack()).toEqual(['deploy-started: maintenance']);
  });
});

describe('a canary', () => {
  it('is told with its share, and when it is off', () => {
    const told = [...decisions.record(canaryRecord(5, noon)), ...decisions.record(canaryRecord(0, noon + 1))];
    expect(told.map((alert) => plainText(alert).split('. ')[0])).toEqual([
      'Canary: 5% of visitors → green (v2)',
      'Canary off',
    ]);
  });

  it('is no failover where the other pool answers, no recovery and no switch', () => {
    const canary = { route: 'canary', pool: 'green', active: 'blue' } as const;
    expect(decisions.log(served(0), served(100, canary), served(200))).toEqual([]);
    decisions.log(reroutedLine({ startMs: noon + 1_000 }));
    // The canary failed, and the active pool stepped in.
    const stepped = reroutedLine({ startMs: noon + 1_200, route: 'canary', pool: 'blue', active: 'blue' });
    expect(decisions.log(served(1_100, { route: 'canary', pool: 'blue' }), stepped)).toEqual([]);
    expect(decisions.log(served(2_000, { route: 'canary', active: 'green' }))).toEqual([]);
    expect(decisions.state.traffic).toMatchObject({ active: 'blue', serving: 'green' });
    expect(kinds(decisions.log(served(3_000)))).toEqual(['recovery']);
  });

  it('counts for the error rate and for an outage', () => {
    decisions = new Decisions({ windowSize: 10, thresholdPercent: 20, sloPercent: 99 });
    const failed = (at: number) => served(at, { route: 'canary', pool: 'green', status: 500 });
    expect(kinds(decisions.log(...Array.from({ length: 10 }, (_, at) => failed(at))))).toEqual(['error-rate']);
    expect(decisions.state.burnRate.buckets.long).toEqual({ requests: 10, failed: 10 });
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

  it('is told when it is on, and off with how many met it, those included that the log holds a moment later', () => {
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

  it('is told once however often it is put on, and off where nothing is known of its beginning', () => {
    decisions.record(maintenanceRecord(true, noon));
    expect(decisions.record(maintenanceRecord(true, noon + 10))).toEqual([]);
    decisions = new Decisions();
    expect(decisions.record(maintenanceRecord(false, noon))).toEqual([
      { kind: 'maintenance-off', incident: '1123-1200-1', atMs: noon, actor: 'alice' },
    ]);
  });
});
