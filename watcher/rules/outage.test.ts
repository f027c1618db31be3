import { beforeEach, describe, expect, it } from 'vitest';
import { accessLine, type LineFields, unservedLine } from '../../test/access-lines.ts';
import { Decisions, kinds, noon } from '../../test/decisions.ts';
import type { DownFlags } from '../control/flags.ts';

const up: DownFlags = { active: 'blue', blue: null, green: null };
const down: DownFlags = { ...up, blue: { seenMs: noon }, green: { seenMs: noon } };

let decisions: Decisions;
const served = (atMs: number, fields?: LineFields) => accessLine({ startMs: noon + atMs, ...fields });
const unserved = (atMs: number) => unservedLine({ startMs: noon + atMs });
const tick = (atMs: number, flags: DownFlags | null) => decisions.tick(noon + atMs, flags);

beforeEach(() => {
  decisions = new Decisions();
});

describe('an outage that requests have shown', () => {
  beforeEach(() => {
    decisions.log(unserved(100), unserved(200), unserved(300));
    expect(kinds(decisions.sent())).toEqual(['outage']);
  });

  it('is not resolved by a request that began before the last one that no pool could serve', () => {
    expect(decisions.log(served(250))).toEqual([]);
    expect(kinds(decisions.log(served(310)))).toEqual(['outage-resolved']);
  });

  it('counts a request that no pool could serve, though one that began later was served', () => {
    decisions.log(served(290), unserved(280));
    expect(decisions.log(served(5_000))).toMatchObject([{ kind: 'outage-resolved', unserved: 4 }]);
  });

  it('stays the same incident when both pools fail their checks, too', () => {
    tick(400, down);
    expect(tick(60_000, down)).toEqual([]);
    const [begun] = decisions.sent();
    expect(decisions.log(served(61_000))).toMatchObject([{ kind: 'outage-resolved', incident: begun?.incident }]);
  });

  it('names the way that the request took', () => {
    expect(decisions.sent()).toMatchObject([{ upstream: '172.31.240.11:3000 (502) → 172.31.240.12:3000 (502)' }]);
  });
});

describe('both pools failing their checks', () => {
  it('are an outage again after they have passed them for a while', () => {
    tick(0, up);
    tick(1_000, down);
    expect(kinds(tick(3_000, down))).toEqual(['outage']);
    expect(kinds(tick(4_000, up))).toEqual(['outage-resolved']);
    tick(60_000, down);
    expect(kinds(tick(62_000, down))).toEqual(['outage']);
  });

  it('are not disproved by a request that had begun before', () => {
    tick(0, down);
    decisions.log(served(-500, { tookMs: 1_000 }));
    expect(kinds(tick(2_000, down))).toEqual(['outage']);
  });

  it('are not confirmed by the maintenance page, which no pool answered', () => {
    tick(0, down);
    tick(2_000, down);
    const page = { status: 503, pool: '-', upstreamStatus: '-', upstreamAddr: '-' } as const;
    expect(decisions.log(served(3_000, page))).toEqual([]);
  });

  it('resolve without naming a pool when the control directory is gone', () => {
    tick(0, down);
    tick(2_000, down);
    const [resolved] = tick(3_000, null);
    expect(resolved).toMatchObject({ kind: 'outage-resolved', lastedMs: 3_000 });
    expect(resolved).toMatchObject({ pool: undefined });
  });
});
