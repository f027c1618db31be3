import { describe, expect, it } from 'vitest';
import type { Cause } from './health-check.ts';
import { firstVerdict, judge, type Verdict } from './verdict.ts';

const thresholds = { fall: 2, rise: 3 };

function after(causes: readonly Cause[], start: Verdict = firstVerdict(false)): Verdict {
  return causes.reduce((verdict, cause) => judge(verdict, cause, thresholds), start);
}

const good = undefined;

describe('a verdict', () => {
  it('is up at first, and down where a flag was left behind', () => {
    expect(firstVerdict(false).down).toBe(false);
    expect(firstVerdict(true).down).toBe(true);
  });

  it('falls with the second failure in a row and not with the first', () => {
    expect(after(['refused']).down).toBe(false);
    expect(after(['refused', 'timeout'])).toMatchObject({ down: true, cause: 'timeout' });
  });

  it('forgets a failure that a good check follows', () => {
    expect(after(['refused', good, 'refused', good, 'refused']).down).toBe(false);
  });

  it('rises with the third good check in a row and not before', () => {
    const down = after(['refused', 'refused']);
    expect(after([good, good], down).down).toBe(true);
    expect(after([good, good, 'refused', good, good], down).down).toBe(true);
    expect(after([good, good, good], down).down).toBe(false);
  });

  it('lifts a flag that an earlier run left behind only after as many good checks', () => {
    expect(after([good, good], firstVerdict(true)).down).toBe(true);
    expect(after([good, good, good], firstVerdict(true)).down).toBe(false);
  });
});
