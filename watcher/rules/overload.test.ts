import { beforeEach, describe, expect, it } from 'vitest';
import { Decisions, kinds, noon } from '../../test/decisions.ts';

const calm = { active: 'blue', blue: null, green: null, guarded: true } as const;
const overloaded = { ...calm, overloaded: true } as const;
let decisions: Decisions;
const tick = (atMs: number, flags: Parameters<Decisions['tick']>[1]) => decisions.tick(noon + atMs, flags);

beforeEach(() => {
  decisions = new Decisions();
});

describe('a machine that is overloaded', () => {
  it('is one alert once it has lasted for 15 seconds, and one when it ends', () => {
    expect(tick(0, overloaded)).toEqual([]);
    expect(tick(14_999, overloaded)).toEqual([]);
    const [alert] = tick(15_000, overloaded);
    expect(alert).toMatchObject({ kind: 'overload', atMs: noon, active: 'blue' });
    expect(tick(30_000, overloaded)).toEqual([]);
    expect(tick(40_000, calm)).toMatchObject([
      { kind: 'overload-resolved', incident: alert?.incident, lastedMs: 40_000 },
    ]);
    expect(tick(50_000, calm)).toEqual([]);
  });

  it('is not worth an alert if it is over before that', () => {
    tick(0, overloaded);
    tick(10_000, calm);
    expect(tick(16_000, overloaded)).toEqual([]);
  });

  it('is not shown by a flag that a killed prober left behind', () => {
    const { guarded, ...left } = overloaded;
    tick(0, left);
    expect(tick(60_000, left)).toEqual([]);
  });

  it('stays as it was while the flags cannot be read', () => {
    tick(0, overloaded);
    tick(20_000, overloaded);
    expect(tick(25_000, null)).toEqual([]);
    expect(kinds(tick(30_000, calm))).toEqual(['overload-resolved']);
  });

  it('is not older than the clock, after it was set back', () => {
    tick(3_600_000, overloaded);
    tick(0, overloaded);
    expect(kinds(tick(15_000, overloaded))).toEqual(['overload']);
  });

  it('is still open after a restart', () => {
    tick(0, overloaded);
    tick(20_000, overloaded);
    decisions.restart();
    expect(kinds(tick(30_000, calm))).toEqual(['overload-resolved']);
  });
});
