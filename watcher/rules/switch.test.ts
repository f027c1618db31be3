import { beforeEach, describe, expect, it } from 'vitest';
import { accessLine, type LineFields, reroutedLine } from '../../test/access-lines.ts';
import { Decisions, kinds, noon } from '../../test/decisions.ts';
import { switchRecord } from '../../test/journal-records.ts';
import type { Alert } from '../alerts/alert.ts';
import type { DownFlags } from '../control/flags.ts';
import { plainText, wordingOf } from '../words/wording.ts';
import { decideSwitches } from './decide.ts';

const blueActive: DownFlags = { active: 'blue', blue: null, green: null };
const greenActive: DownFlags = { ...blueActive, active: 'green' };
const green = { active: 'green' } as const;
const deploy = { reason: 'deploy', deploy: 'd-7', release: 'v2', replaced: 'v1' } as const;

let decisions: Decisions;

const served = (startMs: number, fields?: LineFields) => accessLine({ startMs: noon + startMs, ...fields });
const toGreen = (atMs: number, more = {}) => decisions.record(switchRecord('green', noon + atMs, more));
const toBlue = (atMs: number, more = {}) => decisions.record(switchRecord('blue', noon + atMs, more));
const tick = (atMs: number, flags: DownFlags | null = greenActive) => decisions.tick(noon + atMs, flags);
const headline = (alert: Alert | undefined) => (alert === undefined ? '' : plainText(alert).split('. ')[0]);

beforeEach(() => {
  decisions = new Decisions();
});

describe('a switch that the journal announces', () => {
  it('is sent once, with the request that shows it, and says who made it and why', () => {
    decisions.log(served(0));
    expect(toGreen(1_000, deploy)).toEqual([]);
    expect(decisions.log(served(1_100, green))).toEqual([
      {
        kind: 'switch',
        incident: 'd-7',
        atMs: noon + 1_100,
        from: 'blue',
        to: 'green',
        release: 'v2',
        operation: { ...deploy, actor: 'alice' },
      },
    ]);
    expect(decisions.log(served(1_050), served(1_200, green))).toEqual([]);
    expect([...tick(4_000), ...tick(60_000)]).toEqual([]);
  });

  it.each([
    ['switch', 'Planned switch: blue → green'],
    ['deploy', 'Deployed: blue → green (green-release-1.0.0)'],
    ['rollback', 'Rolled back by hand: blue → green (green-release-1.0.0)'],
    ['bake', 'Rolled back automatically: blue → green (green-release-1.0.0)'],
  ] as const)('is named by its reason: %s', (reason, expected) => {
    decisions.log(served(0));
    toGreen(1_000, { reason });
    expect(headline(decisions.log(served(1_100, green))[0])).toBe(expected);
  });

  it('names both releases, how long the bad release served and what was counted, if it is an automatic rollback', () => {
    decisions.log(served(0, green));
    const bake = { lastedMs: 12_000, requests: 500, failed: 21 };
    toBlue(1_000, { reason: 'bake', deploy: 'd-7', release: 'v1', replaced: 'v2', why: 'it fails', bake });
    const [alert] = decisions.log(served(1_100));
    expect(headline(alert)).toBe('Rolled back automatically: green → blue (v2 → v1)');
    expect(alert).toMatchObject({ operation: { why: 'it fails' } });
    expect(alert && wordingOf(alert).facts).toEqual(
      expect.arrayContaining([
        { label: 'Lasted', spans: [{ text: '12 s' }] },
        { label: 'Figures', spans: [{ text: '500 requests, 4.20% failed' }] },
      ]),
    );
  });

  it('is unexplained without a record', () => {
    decisions.log(served(0));
    const [alert] = decisions.log(served(1_100, green));
    expect(alert && wordingOf(alert)).toMatchObject({
      headline: 'Unexplained switch: blue → green',
      anchor: 'unexplained-switch',
    });
  });

  it('is shown by the flag after two seconds without visitors, and is not sent again for a request', () => {
    decisions.log(served(0));
    toGreen(60_000, deploy);
    expect([...tick(60_250), ...tick(61_900)]).toEqual([]);
    expect(tick(62_000)).toMatchObject([{ kind: 'switch', to: 'green', atMs: noon + 60_000, incident: 'd-7' }]);
    expect(decisions.log(served(60_500), served(61_900, green), served(63_000, green))).toEqual([]);
    expect(decisions.log(served(70_000))).toMatchObject([{ kind: 'switch', to: 'blue' }]);
  });

  it('is sent although no request has ever shown the pool that was active before', () => {
    toGreen(1_000, deploy);
    expect(decisions.log(served(1_500, green))).toMatchObject([{ kind: 'switch', from: 'blue', to: 'green' }]);
    decisions = new Decisions();
    toGreen(1_000, deploy);
    expect(tick(3_000)).toMatchObject([{ kind: 'switch', from: 'blue', to: 'green' }]);
    expect(decisions.log(served(3_500, green))).toEqual([]);
  });

  it('is not sent if it was never made, and does not explain a later switch', () => {
    decisions.log(served(0));
    toGreen(1_000, deploy);
    for (let atMs = 1_250; atMs < 301_250; atMs += 250) expect(tick(atMs, blueActive)).toEqual([]);
    expect(decisions.log(served(302_000, green))).toMatchObject([{ kind: 'switch', operation: undefined }]);
  });

  it('to the pool that is active already is none, though no request has been seen yet', () => {
    toBlue(1_000, { from: 'blue' });
    expect(decisions.log(served(1_100), served(2_000))).toEqual([]);
  });

  it('does not explain that the pool before it is active, as the first request shows', () => {
    toGreen(1_000, deploy);
    expect(decisions.log(served(900, { tookMs: 200 }))).toEqual([]);
    expect(decisions.log(served(1_200, green))).toMatchObject([{ from: 'blue', operation: { reason: 'deploy' } }]);
  });

  it('is sent with the one before it if no request showed that one, and without it if a request did', () => {
    toBlue(1_000, { actor: 'bob' });
    toGreen(2_000);
    expect(decisions.log(served(2_100, green))).toMatchObject([{ operation: { actor: 'bob' } }, { to: 'green' }]);
    decisions = new Decisions();
    decisions.log(served(0));
    toBlue(1_000, { actor: 'bob' });
    toGreen(2_000);
    expect(decisions.log(served(2_100, green))).toMatchObject([{ to: 'green', operation: { actor: 'alice' } }]);
  });

  it('is not used up by one to the other pool that nothing explains', () => {
    decisions.log(served(0));
    toBlue(1_000, { actor: 'bob' });
    expect(decisions.log(served(1_200, green))).toMatchObject([{ operation: undefined }]);
    expect(decisions.log(served(1_400))).toMatchObject([{ to: 'blue', operation: { actor: 'bob' } }]);
  });

  it('is remembered with nineteen others at most, until something shows it', () => {
    for (let round = 0; round < 50; round++) toGreen(round);
    expect(decisions.state.operations.expected).toHaveLength(20);
  });

  it('is sent once if it took two tries', () => {
    decisions.log(served(0));
    toGreen(1_000, { actor: 'alice' });
    toGreen(5_000, { actor: 'bob' });
    expect(decisions.log(served(5_100, green))).toMatchObject([{ operation: { actor: 'bob' } }]);
    expect(tick(60_000)).toEqual([]);
  });

  it('is sent along with the switch back if both come before any request', () => {
    decisions.log(served(0));
    toGreen(1_000, deploy);
    toBlue(1_010, { reason: 'bake', deploy: 'd-7', why: 'it fails' });
    expect(decisions.log(served(1_500))).toEqual([]);
    expect(tick(3_100, blueActive).map(headline)).toEqual([
      'Deployed: blue → green (v2)',
      'Rolled back automatically: green → blue',
    ]);
    expect(decisions.log(served(4_000))).toEqual([]);
  });

  it('is sent with the request that shows it, even if another switch follows', () => {
    decisions.log(served(0));
    toGreen(1_000, { actor: 'alice' });
    toBlue(1_500, { actor: 'bob' });
    expect(decisions.log(served(1_200, green))).toMatchObject([{ to: 'green', operation: { actor: 'alice' } }]);
    expect(decisions.log(served(1_700))).toMatchObject([{ to: 'blue', operation: { actor: 'bob' } }]);
    expect(tick(60_000, blueActive)).toEqual([]);
  });

  it('does nothing if the pool is already active', () => {
    decisions.log(served(0));
    toBlue(1_000);
    expect(tick(10_000, blueActive)).toEqual([]);
  });

  it('ignores the cooldown for a rollback or a deploy, and is held back otherwise', () => {
    decisions = new Decisions({ cooldownMs: 300_000 });
    decisions.log(served(0));
    toGreen(1_000, { reason: 'deploy' });
    toBlue(2_000, { reason: 'rollback' });
    toGreen(3_000, { reason: 'deploy' });
    toBlue(4_000, { reason: 'bake' });
    toGreen(5_000);
    decisions.log(served(1_100, green), served(2_100), served(3_100, green), served(4_100), served(5_100, green));
    expect(decisions.sent().map(headline)).toEqual([
      'Deployed: blue → green (green-release-1.0.0)',
      'Rolled back by hand: green → blue (blue-release-1.0.0)',
      'Deployed: blue → green (green-release-1.0.0)',
      'Rolled back automatically: green → blue (blue-release-1.0.0)',
    ]);
    expect(decisions.heldBack()).toEqual(['switch: cooldown']);
    expect(kinds(tick(304_000))).toEqual(['switch']);
  });

  it('ends a failover, even if only the flag shows it', () => {
    decisions.log(served(0), reroutedLine({ startMs: noon + 500 }));
    toGreen(10_000);
    expect(tick(12_000)).toMatchObject([{ kind: 'switch', ended: { served: 1 } }]);
  });

  it('is sent once, whenever the watcher restarts', () => {
    decisions.log(served(0));
    toGreen(1_000, deploy);
    decisions.restart();
    expect(decisions.log(served(1_100, green))).toMatchObject([{ operation: { reason: 'deploy' } }]);
    decisions.restart();
    expect(tick(60_000)).toEqual([]);
  });

  it('is sent although the clock was set back', () => {
    decisions.log(served(0));
    toGreen(3_600_000, deploy);
    expect(kinds(tick(0))).toEqual(['switch']);
  });

  it('is not undone by a request that began before its record, though the one that showed it had begun even earlier', () => {
    decisions.log(served(0));
    toGreen(1_000, deploy);
    // Its headers came slowly, so that it was routed after the switch.
    expect(kinds(decisions.log(served(500, { ...green, tookMs: 700 })))).toEqual(['switch']);
    expect(decisions.log(served(900, { tookMs: 400 }), served(1_300, green))).toEqual([]);
  });
});

describe('a switch that a request shows', () => {
  it('is not said to be of the release that answered in its place', () => {
    decisions.log(served(0));
    const [alert] = decisions.log(served(500, { ...green, pool: 'blue' }));
    expect(alert).toMatchObject({ kind: 'switch', to: 'green' });
    expect(alert).toMatchObject({ release: undefined });
  });

  it('is counted in the next one to its pool, if a cooldown held it back until there was another', () => {
    decisions = new Decisions({ cooldownMs: 300_000 });
    decisions.log(served(0), served(1_000, green), served(2_000), served(3_000, green), served(4_000));
    expect(decisions.heldBack()).toEqual(['switch: cooldown', 'switch: cooldown']);
    expect(tick(310_000, blueActive)).toMatchObject([{ to: 'blue' }]);
    expect(decisions.log(served(320_000, green))).toMatchObject([{ to: 'green', heldBack: { count: 1 } }]);
  });

  it('ends a failover that a cooldown held back, which the next failover counts', () => {
    decisions = new Decisions({ cooldownMs: 300_000 });
    const rerouted = (atMs: number) => reroutedLine({ startMs: noon + atMs });
    decisions.log(served(0), rerouted(1_000), served(2_000), rerouted(3_000));
    const [toGreenNow] = decisions.log(served(4_000, green));
    expect(toGreenNow).toMatchObject({ ended: undefined });
    decisions.log(served(5_000));
    expect(decisions.log(rerouted(400_000))).toMatchObject([{ kind: 'failover', heldBack: { count: 1 } }]);
  });

  it('ends a failover that was sent, which the next failover does not count', () => {
    decisions.log(served(0), reroutedLine({ startMs: noon + 1_000 }), served(2_000, green), served(3_000));
    expect(decisions.log(reroutedLine({ startMs: noon + 4_000 }))[0]).not.toHaveProperty('heldBack');
  });

  it('ends a flapping in the middle of a failover, and counts the requests of all of them', () => {
    const rerouted = (atMs: number) => reroutedLine({ startMs: noon + atMs });
    for (const atMs of [0, 10_000, 20_000]) decisions.log(rerouted(atMs), served(atMs + 2_000));
    decisions.log(rerouted(30_000), rerouted(30_100));
    expect(decisions.log(served(31_000, green))).toMatchObject([{ ended: { failovers: 4, served: 5 } }]);
  });

  it('ends a flapping that a cooldown held back, which the next flapping counts', () => {
    decisions = new Decisions({ cooldownMs: 3_600_000 });
    const flap = (fromMs: number) => {
      for (const atMs of [0, 10_000, 20_000]) {
        decisions.log(reroutedLine({ startMs: noon + fromMs + atMs }), served(fromMs + atMs + 2_000));
      }
    };
    flap(0);
    tick(600_000, blueActive);
    flap(1_000_000);
    decisions.log(served(1_030_000, green), served(1_040_000));
    flap(4_000_000);
    expect(decisions.sent().at(-1)).toMatchObject({ kind: 'flapping', heldBack: { count: 1 } });
  });

  it('that was sent is not counted as held back in the next one to its pool, nor is a flapping that it ended in the next flapping', () => {
    decisions.log(served(0), served(1_000, green), served(2_000));
    expect(decisions.log(served(3_000, green))[0]).not.toHaveProperty('heldBack');
    decisions = new Decisions();
    const flap = (fromMs: number) => {
      for (const atMs of [0, 10_000, 20_000]) {
        decisions.log(reroutedLine({ startMs: noon + fromMs + atMs }), served(fromMs + atMs + 2_000));
      }
    };
    flap(0);
    decisions.log(served(30_000, green), served(40_000));
    flap(1_000_000);
    expect(decisions.sent().at(-1)).toMatchObject({ kind: 'flapping' });
    expect(decisions.sent().at(-1)).not.toHaveProperty('heldBack');
  });

  it('is counted for the pool that it makes active, and a failover for the pool that failed', () => {
    decisions.log(served(0), reroutedLine({ startMs: noon + 1_000 }), served(2_000));
    decisions.log(served(3_000, green), served(4_000), served(5_000, green));
    expect(decisions.state.routing.failovers).toEqual({ blue: 1, green: 0 });
    expect(decisions.state.routing.switches).toEqual({ blue: 1, green: 2 });
  });
});

describe('the end of what was missed', () => {
  it('sends the switches that the flags show at once, because the journal has announced them long ago', () => {
    decisions.log(served(0));
    toGreen(60_000, deploy);
    const verdicts = decideSwitches(decisions.state, greenActive, noon + 62_000, decisions.policy);
    expect(verdicts).toMatchObject([{ fate: 'send', alert: { kind: 'switch', to: 'green', incident: 'd-7' } }]);
  });
});
