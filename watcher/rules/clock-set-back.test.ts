import { describe, expect, it } from 'vitest';
import { accessLine, type LineFields, reroutedLine, unservedLine } from '../../test/access-lines.ts';
import { Decisions, kinds, noon } from '../../test/decisions.ts';
import type { DownFlags } from '../control/flags.ts';

const minute = 60_000;
/** By how much the clock is set back. */
const hour = 60 * minute;

const served = (atMs: number, fields?: LineFields) => accessLine({ startMs: noon + atMs, ...fields });
const rerouted = (atMs: number) => reroutedLine({ startMs: noon + atMs });
const unserved = (atMs: number) => unservedLine({ startMs: noon + atMs });

describe('after the clock was set back by a little more than ten seconds', () => {
  it('a switch is seen at once', () => {
    const decisions = new Decisions();
    decisions.log(served(0));
    decisions.tick(noon - 11_000);
    expect(kinds(decisions.log(served(-10_500, { active: 'green' })))).toEqual(['switch']);
  });
});

describe('after the clock was set back by an hour', () => {
  it('three unserved requests are an outage, whatever was served at the later time', () => {
    const decisions = new Decisions();
    decisions.log(served(0));
    decisions.tick(noon - hour);
    expect(kinds(decisions.log(unserved(100 - hour), unserved(110 - hour), unserved(120 - hour)))).toEqual(['outage']);
  });

  it('a flapping that was open still ends five minutes after its last change', () => {
    const decisions = new Decisions();
    for (const atMs of [0, 10_000, 20_000]) decisions.log(rerouted(atMs), served(atMs + 2_000));
    expect(kinds(decisions.sent())).toContain('flapping');
    decisions.tick(noon - hour);
    expect(decisions.tick(noon - hour + 5 * minute - 1)).toEqual([]);
    expect(kinds(decisions.tick(noon - hour + 5 * minute))).toEqual(['flapping-resolved']);
  });

  it('a row of unserved requests that had begun is ended by one that is served', () => {
    const decisions = new Decisions();
    decisions.log(unserved(0), unserved(10));
    decisions.tick(noon - hour);
    expect(decisions.log(served(100 - hour), unserved(200 - hour), unserved(300 - hour))).toEqual([]);
  });

  it('a failover that was open ends with the next request that its pool answers', () => {
    const decisions = new Decisions();
    decisions.log(served(0), rerouted(1_000));
    decisions.tick(noon - hour);
    expect(kinds(decisions.log(served(100 - hour)))).toEqual(['recovery']);
  });

  it('failovers of the last five minutes still make the next one a flapping, and only for five minutes', () => {
    for (const [afterMs, kind] of [
      [5 * minute, 'flapping'],
      [5 * minute + 1, 'failover'],
    ] as const) {
      const decisions = new Decisions();
      for (const atMs of [0, 10_000]) decisions.log(rerouted(atMs), served(atMs + 2_000));
      decisions.tick(noon - hour);
      expect(kinds(decisions.log(rerouted(afterMs - hour)))).toEqual([kind]);
    }
  });

  it('an outage that was open is resolved by the next request that is served', () => {
    const decisions = new Decisions();
    decisions.log(unserved(0), unserved(10), unserved(20));
    decisions.tick(noon - hour);
    expect(decisions.log(served(100 - hour))).toMatchObject([{ kind: 'outage-resolved', lastedMs: 100 }]);
  });

  it('two pools that were down already are an outage two seconds later', () => {
    const decisions = new Decisions();
    const down = { seenMs: noon };
    const flags: DownFlags = { active: 'blue', blue: down, green: down };
    decisions.log(served(0));
    decisions.tick(noon + 1_000, flags);
    decisions.tick(noon - hour, flags);
    expect(kinds(decisions.tick(noon - hour + 2_000, flags))).toEqual(['outage']);
  });

  it('two pools that were down already are an outage even if there was no request yet', () => {
    const decisions = new Decisions();
    const down = { seenMs: noon };
    const flags: DownFlags = { active: 'blue', blue: down, green: down };
    decisions.tick(noon + 1_000, flags);
    decisions.tick(noon - hour, flags);
    expect(kinds(decisions.tick(noon - hour + 2_000, flags))).toEqual(['outage']);
  });

  it('an outage that the health checks showed long after the last request is resolved by the next one that is served', () => {
    const decisions = new Decisions();
    decisions.log(served(-2 * hour));
    const down = { seenMs: noon };
    const flags: DownFlags = { active: 'blue', blue: down, green: down };
    decisions.tick(noon, flags);
    decisions.tick(noon + 2_000, flags);
    expect(kinds(decisions.sent())).toEqual(['outage']);
    decisions.tick(noon - hour, flags);
    expect(kinds(decisions.log(served(100 - hour)))).toEqual(['outage-resolved']);
  });

  it('a high error rate that had begun to fall is resolved once it has stayed low for half a minute', () => {
    const decisions = new Decisions({ windowSize: 10 });
    decisions.log(...Array.from({ length: 10 }, (_, at) => served(at, { status: 500 })));
    decisions.log(...Array.from({ length: 10 }, (_, at) => served(100 + at)));
    expect(kinds(decisions.sent())).toEqual(['error-rate']);
    decisions.tick(noon - hour);
    expect(kinds(decisions.tick(noon - hour + 30_000))).toEqual(['error-rate-resolved']);
  });
});
