import { beforeEach, describe, expect, it } from 'vitest';
import { accessLine, type LineFields, reroutedLine, unservedLine } from '../../test/access-lines.ts';
import { Decisions, kinds, noon } from '../../test/decisions.ts';

let decisions: Decisions;
const served = (atMs: number, fields?: LineFields) => accessLine({ startMs: noon + atMs, ...fields });
const rerouted = (atMs: number, fields?: LineFields) => reroutedLine({ startMs: noon + atMs, ...fields });
const green = { active: 'green' } as const;
const cutOff = { contentLength: '57', length: '20' } as const;

beforeEach(() => {
  decisions = new Decisions();
  decisions.log(served(0));
});

describe('the active pool', () => {
  it('is not shown by a request that was never routed', () => {
    const refused = { active: '-', pool: '-', status: 400, upstreamStatus: '-' } as const;
    expect(decisions.log(served(10_000, refused), served(11_000))).toEqual([]);
    expect(decisions.state.routing.active).toBe('blue');
  });

  it('is not shown by a request that began before others under the pool before, whatever comes late in between', () => {
    decisions.log(served(1_000), served(400, { tookMs: 1_000 }));
    expect(decisions.log(served(700, { ...green, tookMs: 1_000 }))).toEqual([]);
  });

  it('is shown by a request that began before the last look at the clock', () => {
    decisions.tick(noon + 10_000);
    expect(kinds(decisions.log(served(9_500, { ...green, tookMs: 1_000 })))).toEqual(['switch']);
  });

  it('is not affected by a clock that is a few seconds behind the log', () => {
    decisions.log(served(9_000));
    decisions.tick(noon);
    expect(decisions.log(served(8_000, { ...green, tookMs: 2_000 }))).toEqual([]);
  });
});

describe('a failover', () => {
  it('is not attributed to an answer that the standby cut off', () => {
    const [failover] = decisions.log(served(100, { pool: 'green', ...cutOff }));
    expect(failover).toMatchObject({ kind: 'failover' });
    expect(failover).toMatchObject({ cause: undefined });
  });

  it.each([
    ['502', 'status 502'],
    ['504', 'status 504'],
  ])('is not attributed to the network if the app itself answered %s', (status, cause) => {
    const fields = { upstreamStatus: `${status}, 200`, headerTime: '0.001, 0.004' };
    expect(decisions.log(rerouted(100, fields))).toMatchObject([{ kind: 'failover', cause }]);
  });

  it('is not attributed to answers cut off three seconds before', () => {
    decisions.log(served(100, cutOff));
    expect(decisions.log(rerouted(3_200))).toMatchObject([{ kind: 'failover', cause: 'refused or reset' }]);
  });

  it('within a flapping is not sent when time passes, either', () => {
    for (const atMs of [10_000, 20_000, 30_000]) decisions.log(rerouted(atMs), served(atMs + 2_000));
    expect(kinds(decisions.sent()).at(-1)).toBe('flapping');
    expect(decisions.log(rerouted(40_000))).toEqual([]);
    expect(decisions.tick(noon + 41_000)).toEqual([]);
  });
});

describe('the pool that serves', () => {
  it('is the one that answered last, whatever no pool could answer since', () => {
    const unserved = Array.from({ length: 60 }, (_, at) => unservedLine({ startMs: noon + 1_000 + at }));
    const alerts = decisions.log(...unserved).filter(({ kind }) => kind === 'error-rate');
    expect(alerts).toMatchObject([{ pool: 'blue' }]);
  });
});

describe('while a living prober guards the pools', () => {
  const up = { active: 'blue', blue: null, green: null, guarded: true } as const;
  const separators = [', ', ' : '];

  it.each(separators)('a request that fails on the active pool moves only itself ("%s")', (separator) => {
    decisions.tick(noon + 1_000, up);
    const [upstreamStatus, headerTime] = [`504${separator}200`, `-${separator}0.004`];
    const upstreamAddr = `172.31.240.11:3000${separator}172.31.240.12:3000`;
    const masked = [2_000, 2_500, 3_000].map((atMs) => rerouted(atMs, { upstreamStatus, upstreamAddr, headerTime }));
    expect(decisions.log(...masked)).toEqual([]);
    expect(decisions.state.routing.failover).toBeNull();
    // Without the prober, the edge avoids the pool after such a request.
    decisions.tick(noon + 4_000, { active: 'blue', blue: null, green: null });
    expect(kinds(decisions.log(rerouted(5_000)))).toEqual(['failover']);
  });

  it('a failover is a request that the edge diverts, with the cause from the health check', () => {
    decisions.tick(noon + 1_000, { ...up, blue: { seenMs: noon + 1_000, cause: 'refused' } });
    expect(decisions.log(rerouted(2_000), served(2_100, { pool: 'green' }))).toMatchObject([
      { kind: 'failover', from: 'blue', to: 'green', cause: 'health check: refused' },
    ]);
    expect(kinds(decisions.log(served(3_000)))).toEqual(['recovery']);
  });
});
