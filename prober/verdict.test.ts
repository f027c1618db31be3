import { describe, expect, it } from 'vitest';
import type { Cause } from '../health/cause.ts';
import { firstVerdict, judge, type Verdict } from './verdict.ts';

const thresholds = { fall: 2, rise: 3 };

function after(causes: readonly Cause[], start: Verdict = firstVerdict(false)): Verdict {
  return causes.reduce((verdict, cause) => judge(verdict, cause, thresholds), start);
}

const passed = undefined;

describe('a verdict', () => {
  it('starts up, or down if a flag was left behind', () => {
    expect(firstVerdict(false).down).toBe(false);
    expect(firstVerdict(true).down).toBe(true);
  });

  it('is down after the second consecutive failure, not after the first', () => {
    expect(after(['refused']).down).toBe(false);
    expect(after(['refused', 'timeout'])).toMatchObject({ down: true, cause: 'timeout' });
  });

  it('forgets a failure after a passed check', () => {
    expect(after(['refused', passed, 'refused', passed, 'refused']).down).toBe(false);
  });

  it('is up again after the third consecutive passed check, not before', () => {
    const down = after(['refused', 'refused']);
    expect(after([passed, passed], down).down).toBe(true);
    expect(after([passed, passed, 'refused', passed, passed], down).down).toBe(true);
    expect(after([passed, passed, passed], down).down).toBe(false);
  });

  it('clears a flag that an earlier run left behind after the same number of passed checks', () => {
    expect(after([passed, passed], firstVerdict(true)).down).toBe(true);
    expect(after([passed, passed, passed], firstVerdict(true)).down).toBe(false);
  });
});
