import { expect, it } from 'vitest';
import { nowMs } from './sample.ts';

const monotonicMs = () => Number(process.hrtime.bigint()) / 1e6;

it('the clock of samples is monotonic, and the same in all processes of the machine', () => {
  const before = monotonicMs();
  const now = nowMs();
  expect(now).toBeGreaterThanOrEqual(before);
  expect(now).toBeLessThanOrEqual(monotonicMs());
});
