import { describe, expect, it } from 'vitest';
import type { Certificate } from '../../certificates/report.ts';
import { certificateAt, dayMs } from '../../test/certificates.ts';
import { expiryStage } from './certificate-age.ts';

const issuedMs = Date.UTC(2026, 0, 1);
const hourMs = dayMs / 24;

/** What is left, in milliseconds, when each alert becomes due. */
function alertsLeftMs(lifetimeMs: number, renewLeftMs: number | undefined, source: Certificate['source'] = 'acme') {
  const notAfterMs = issuedMs + lifetimeMs;
  const renewAtMs = renewLeftMs === undefined ? undefined : notAfterMs - renewLeftMs;
  const certificate = certificateAt(issuedMs, { source, notBeforeMs: issuedMs, notAfterMs, renewAtMs });
  const steps = 20_000;
  const due: number[] = [];
  for (let step = 0; step <= steps; step++) {
    const nowMs = issuedMs + lifetimeMs * (step / steps);
    while (due.length < expiryStage(certificate, nowMs)) due.push(notAfterMs - nowMs);
  }
  return due;
}

const inDays = (left: readonly number[]) => left.map((ms) => Math.round((ms / dayMs) * 10) / 10);

describe('the alerts about a certificate that is not renewed', () => {
  it.each([
    ['of 90 days', 90, 30, [14, 7, 1, 0]],
    ['of 45 days', 45, 15, [14, 7, 1, 0]],
    ['of 45 days that is to be renewed late', 45, 10, [9, 7, 1, 0]],
    ['of 6 days', 6.67, 2.2, [1.8, 1.1, 0.3, 0]],
    ['of 6 days that is renewed at half of its time', 6.67, 3.3, [2.2, 1.1, 0.3, 0]],
    ['of a year', 365, 30, [14, 7, 1, 0]],
  ])('%s are due with this many days left', (_, lifetime, renewLeft, expected) => {
    expect(inDays(alertsLeftMs(lifetime * dayMs, renewLeft * dayMs))).toEqual(expected);
  });

  it.each([
    [365, [14, 7, 1, 0]],
    [90, [14, 7, 1, 0]],
    [45, [14, 7, 1, 0]],
    [7, [1.9, 1.2, 0.3, 0]],
  ])('are due for your own of %i days as well, which names no renewal', (lifetime, expected) => {
    expect(inDays(alertsLeftMs(lifetime * dayMs, undefined, 'file'))).toEqual(expected);
  });

  it('are due within the minutes of a certificate of minutes', () => {
    const [first = 0, second = 0, third = 0, last] = alertsLeftMs(10 * 60_000, 5 * 60_000);
    expect([first, second, third].map((ms) => Math.round(ms / 1_000))).toEqual([200, 100, 25]);
    expect(last).toBe(0);
  });

  it('wait for a renewal that is a little late', () => {
    const renewAtMs = issuedMs + 60 * dayMs;
    const nowMs = (lateMs: number) => renewAtMs + lateMs;
    const certificate = certificateAt(issuedMs, {
      notBeforeMs: issuedMs,
      notAfterMs: renewAtMs + 10 * dayMs,
      renewAtMs,
    });
    expect(expiryStage(certificate, nowMs(23 * hourMs))).toBe(0);
    expect(expiryStage(certificate, nowMs(25 * hourMs))).toBe(1);
  });

  it('are never about a self-signed one', () => {
    expect(alertsLeftMs(dayMs, undefined, 'self-signed')).toEqual([]);
  });
});
