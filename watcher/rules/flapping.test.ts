import { beforeEach, describe, expect, it } from 'vitest';
import { accessLine, reroutedLine } from '../../test/access-lines.ts';
import { Decisions, kinds, noon } from '../../test/decisions.ts';
import type { Policy } from './state.ts';

const minute = 60_000;
const served = (atMs: number, active: 'blue' | 'green' = 'blue') => accessLine({ startMs: noon + atMs, active });
const rerouted = (atMs: number) => reroutedLine({ startMs: noon + atMs });

let decisions: Decisions;
const begin = (policy: Partial<Policy> = {}) => {
  decisions = new Decisions(policy);
};
const log = (...lines: string[]) => {
  decisions.restart();
  return decisions.log(...lines);
};
const tick = (atMs: number) => decisions.tick(noon + atMs);
/** Down for two seconds, then up. */
const flap = (atMs: number) => log(rerouted(atMs), rerouted(atMs + 1_000), served(atMs + 2_000));

beforeEach(() => begin());

describe('flapping', () => {
  it('sends the first two failovers and recoveries at once, the third as flapping, and then no more', () => {
    expect(kinds(flap(0))).toEqual(['failover', 'recovery']);
    expect(kinds(flap(10_000))).toEqual(['failover', 'recovery']);
    expect(flap(20_000)).toEqual([
      {
        kind: 'flapping',
        incident: '1123-1200-3',
        atMs: noon + 20_000,
        pool: 'blue',
        standby: 'green',
        failovers: 3,
        lastedMs: 20_000,
        cause: 'refused or reset',
      },
    ]);
    expect([...flap(30_000), ...flap(40_000)]).toEqual([]);
  });

  it('ends with the totals once nothing has changed for five minutes, by the clock', () => {
    for (const at of [0, 10_000, 20_000, 30_000]) flap(at);
    expect(tick(32_000 + 5 * minute - 1)).toEqual([]);
    expect(tick(32_000 + 5 * minute)).toEqual([
      {
        kind: 'flapping-resolved',
        incident: '1123-1200-3',
        atMs: noon + 332_000,
        pool: 'blue',
        standby: 'green',
        failovers: 4,
        served: 8,
        lastedMs: 32_000,
        stableMs: 300_000,
        serving: 'blue',
      },
    ]);
    expect(tick(20 * minute)).toEqual([]);
  });

  it("ends by the log's time too", () => {
    for (const at of [0, 10_000, 20_000]) flap(at);
    expect(log(served(300_000))).toEqual([]);
    expect(log(served(330_000))).toMatchObject([{ kind: 'flapping-resolved', failovers: 3, served: 6 }]);
    expect(kinds(flap(400_000))).toEqual(['failover', 'recovery']);
  });

  it('ends on the standby if the pool stays down, and the recovery is sent later', () => {
    for (const at of [0, 10_000, 20_000]) flap(at);
    log(rerouted(30_000), rerouted(200_000));
    expect(tick(331_000)).toMatchObject([{ kind: 'flapping-resolved', serving: 'green', failovers: 4, served: 8 }]);
    expect(log(rerouted(400_000))).toEqual([]);
    expect(log(served(500_000))).toMatchObject([{ kind: 'recovery', incident: '1123-1200-3', lastedMs: 470_000 }]);
  });

  it('does not consist of failovers that are far apart', () => {
    expect(kinds([...flap(0), ...flap(151_000), ...flap(302_000), ...flap(453_000)])).toEqual(
      Array.from({ length: 4 }, () => ['failover', 'recovery']).flat(),
    );
  });

  it('is ended by a planned switch, whose alert says so', () => {
    for (const at of [0, 10_000, 20_000]) flap(at);
    expect(log(served(30_000, 'green'))).toMatchObject([
      { kind: 'switch', ended: { incident: '1123-1200-3', failovers: 3, served: 6, lastedMs: 30_000 } },
    ]);
    expect(tick(20 * minute)).toEqual([]);
  });

  it('does not count failovers before a planned switch', () => {
    for (const at of [0, 10_000]) flap(at);
    log(served(15_000, 'green'), served(16_000));
    expect(kinds(flap(20_000))).toEqual(['failover', 'recovery']);
  });

  it('ignores the cooldown of the failover, and covers the failovers that it held back', () => {
    begin({ cooldownMs: 10 * minute });
    expect(kinds([...flap(0), ...flap(10_000), ...flap(20_000)])).toEqual(['failover', 'recovery', 'flapping']);
    expect(decisions.heldBack()).toEqual(['failover: cooldown', 'recovery: not-announced']);
    expect(kinds(tick(10 * minute))).toEqual(['flapping-resolved']);
    const [next] = flap(11 * minute);
    expect(next).toMatchObject({ kind: 'failover' });
    expect(next).not.toHaveProperty('heldBack');
  });

  it('has its own cooldown, and is counted if it ends before its alert is sent', () => {
    begin({ cooldownMs: 20 * minute });
    for (const at of [0, 10_000, 20_000]) flap(at);
    tick(6 * minute);
    for (const at of [10 * minute, 10 * minute + 10_000, 10 * minute + 20_000]) flap(at);
    expect(kinds(tick(16 * minute))).toEqual([]);
    expect(decisions.heldBack().slice(2)).toEqual([
      'failover: cooldown',
      'recovery: not-announced',
      'failover: cooldown',
      'recovery: not-announced',
      'flapping: cooldown',
      'flapping-resolved: not-announced',
    ]);
    for (const at of [30 * minute, 30 * minute + 10_000]) flap(at);
    expect(log(rerouted(30 * minute + 20_000))).toMatchObject([
      { kind: 'flapping', heldBack: { count: 1, sinceMs: noon + 10 * minute + 20_000 } },
    ]);
  });

  it('is sent at the end of its cooldown, with the count at that time', () => {
    begin({ cooldownMs: 8 * minute });
    for (const at of [0, 10_000, 20_000]) flap(at);
    tick(6 * minute);
    for (const at of [7 * minute, 7 * minute + 10_000, 7 * minute + 20_000, 7 * minute + 30_000]) flap(at);
    expect(tick(8 * minute)).toEqual([]);
    expect(tick(9 * minute)).toMatchObject([{ kind: 'flapping', failovers: 4 }]);
  });

  it('sends nothing during maintenance', () => {
    begin({ maintenance: true });
    for (const at of [0, 10_000, 20_000]) flap(at);
    tick(20 * minute);
    expect(decisions.sent()).toEqual([]);
    expect(decisions.heldBack().slice(-2)).toEqual(['flapping: maintenance', 'flapping-resolved: not-announced']);
  });
});
