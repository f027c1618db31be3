import { expect, it } from 'vitest';
import { renewAtMs } from './lifetime.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

it.each([
  ['90 days', 90 * dayMs, 60 * dayMs],
  ['48 days', 48 * dayMs, 32 * dayMs],
  ['6 days', 6 * dayMs, 3 * dayMs],
  ['10 minutes', 10 * minuteMs, 5 * minuteMs],
])('a certificate of %s is renewed in time', (_, lifetimeMs, afterMs) => {
  expect(renewAtMs({ notBeforeMs: 1_000, notAfterMs: 1_000 + lifetimeMs })).toBe(1_000 + afterMs);
});
