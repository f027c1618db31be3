import { beforeEach, describe, expect, it } from 'vitest';
import type { Certificate } from '../../certificates/report.ts';
import { certificateAt, dayMs } from '../../test/certificates.ts';
import { Decisions, kinds, noon } from '../../test/decisions.ts';
import { phraseOf } from '../alerts/phrase.ts';
import type { KnownCertificates } from '../control/certificates.ts';
import { certificateReports } from './certificate-state.ts';
import { ongoing, openIncidents } from './open-incidents.ts';

const domains = ['shop.example', '*.shop.example'];
const minuteMs = 60_000;
let decisions: Decisions;

const known = (...certificates: readonly Certificate[]): KnownCertificates => ({
  domains,
  certificates,
  reportedMs: Number.POSITIVE_INFINITY,
});
const look = (atMs: number, ...certificates: readonly Certificate[]) =>
  decisions.certificates(noon + atMs, known(...certificates));
const states = (atMs: number, certificate: Certificate) =>
  certificateReports(decisions.state, known(certificate), noon + atMs).map(({ state }) => state);

/** At noon, as many days are left. */
const left = (days: number, changed: Partial<Certificate> = {}) => {
  const notAfterMs = noon + days * dayMs;
  return certificateAt(noon, {
    notBeforeMs: notAfterMs - 90 * dayMs,
    notAfterMs,
    renewAtMs: notAfterMs - 30 * dayMs,
    ...changed,
  });
};
const renewed = certificateAt(noon + 20 * dayMs);
const failed = (failures: number, changed: Partial<Certificate> = {}) =>
  certificateAt(noon, { failures, error: 'refused\nby the CA', nextAttemptMs: noon + 60 * minuteMs, ...changed });

beforeEach(() => {
  decisions = new Decisions();
});

describe('a certificate that runs out', () => {
  it('is an alert at each threshold, once, and red when it has expired; one end concludes them', () => {
    const certificate = left(20);
    expect(look(0, certificate)).toEqual([]);
    const sent = [];
    for (let atMs = 0; atMs < 21 * dayMs; atMs += 60 * minuteMs) sent.push(...look(atMs, certificate));
    expect(sent.map((alert) => [alert.kind, Math.round((noon + 20 * dayMs - alert.atMs) / dayMs)])).toEqual([
      ['certificate-expiring', 14],
      ['certificate-expiring', 7],
      ['certificate-expiring', 1],
      ['certificate-expiring', 0],
    ]);
    expect(sent.map(phraseOf)).toEqual([
      ...Array(3).fill('certificate of shop.example running out'),
      'certificate of shop.example expired',
    ]);
    expect(new Set(sent.map(({ incident }) => incident)).size).toBe(1);
    expect(look(21 * dayMs, renewed)).toMatchObject([
      { kind: 'certificate-renewed', incident: sent[0]?.incident, because: 'new', lastedMs: 15 * dayMs },
    ]);
    expect(look(22 * dayMs, renewed)).toEqual([]);
    expect(openIncidents(decisions.state)).toEqual([]);
  });

  it('is one alert if it is seen late, with the error of the last attempt', () => {
    const certificate = left(5, { failures: 4, error: 'refused\nby the CA' });
    expect(look(0, certificate)).toMatchObject([{ kind: 'certificate-expiring', error: 'refused by the CA' }]);
    expect(look(minuteMs, certificate)).toEqual([]);
  });

  it('is not announced again after a restart, and is concluded', () => {
    look(0, left(10));
    decisions.restart();
    expect(look(minuteMs, left(10))).toEqual([]);
    decisions.restart();
    expect(kinds(look(2 * minuteMs, renewed))).toEqual(['certificate-renewed']);
    decisions.restart();
    expect(look(3 * minuteMs, renewed)).toEqual([]);
  });

  it('is told about again if the next one runs out soon too', () => {
    look(0, left(10, { source: 'file', renewAtMs: undefined }));
    const next = look(minuteMs, left(12, { source: 'file', renewAtMs: undefined }));
    expect(next).toMatchObject([{ kind: 'certificate-expiring', notAfterMs: noon + 12 * dayMs }]);
    expect(kinds(look(2 * minuteMs, left(80, { source: 'file', renewAtMs: undefined })))).toEqual([
      'certificate-renewed',
    ]);
  });

  it('names a certificates program that no longer reports', () => {
    const reportedMs = noon - dayMs;
    const alerts = decisions.certificates(noon, { domains, certificates: [left(5)], reportedMs });
    expect(alerts).toMatchObject([{ silentSinceMs: reportedMs }]);
  });
});

describe('a renewal that fails', () => {
  it('is an alert at the third failure in a row, and one when it succeeds', () => {
    expect(look(0, failed(2))).toEqual([]);
    const [alert] = look(minuteMs, failed(3));
    expect(alert).toMatchObject({
      kind: 'certificate-renewal-failed',
      failures: 3,
      error: 'refused by the CA',
      nextAttemptMs: noon + 60 * minuteMs,
    });
    expect(look(2 * minuteMs, failed(4))).toEqual([]);
    expect(look(3 * minuteMs, renewed)).toMatchObject([{ kind: 'certificate-renewed', incident: alert?.incident }]);
  });

  it('has not ended because the certificates program counts from zero again', () => {
    look(0, failed(3));
    expect(look(minuteMs, failed(0))).toEqual([]);
    expect(look(2 * minuteMs, failed(3))).toEqual([]);
    expect(kinds(look(3 * minuteMs, renewed))).toEqual(['certificate-renewed']);
  });

  it('has ended for your own once the file can be read again', () => {
    look(0, failed(3, { source: 'file', renewAtMs: undefined }));
    expect(look(minuteMs, failed(4, { source: 'file', renewAtMs: undefined }))).toEqual([]);
    expect(look(2 * minuteMs, failed(0, { source: 'file', renewAtMs: undefined }))).toMatchObject([
      { kind: 'certificate-renewed', because: 'readable' },
    ]);
  });

  it('is the same incident when the certificate then runs out', () => {
    const [alert] = look(0, left(15, { failures: 3 }));
    const later = look(2 * dayMs, left(15, { failures: 9 }));
    expect(later).toMatchObject([{ kind: 'certificate-expiring', incident: alert?.incident }]);
    expect(openIncidents(decisions.state)).toMatchObject([{ kind: 'certificate-expiring' }]);
    expect(ongoing(decisions.state)).toEqual(['certificate of shop.example not renewed']);
  });

  it('ends when the domain is no longer wanted', () => {
    look(0, failed(3));
    const alerts = decisions.certificates(noon + minuteMs, { domains: [], certificates: [], reportedMs: noon });
    expect(alerts).toMatchObject([{ kind: 'certificate-renewed', because: 'removed' }]);
  });

  it('is another incident for each domain', () => {
    const alerts = look(0, failed(3), failed(3, { domain: '*.shop.example' }));
    expect(new Set(alerts.map(({ incident }) => incident)).size).toBe(2);
    expect(kinds(look(minuteMs, renewed, failed(3, { domain: '*.shop.example' })))).toEqual(['certificate-renewed']);
  });
});

describe('a domain that has no certificate yet', () => {
  const selfSigned = (failures = 0) => failed(failures, { source: 'self-signed', renewAtMs: undefined });

  it('is an alert after ten minutes, over a restart too', () => {
    expect(look(0, selfSigned())).toEqual([]);
    expect(states(minuteMs, selfSigned())).toEqual(['pending']);
    decisions.restart();
    expect(look(9 * minuteMs, selfSigned(1))).toEqual([]);
    const [alert] = look(10 * minuteMs, selfSigned(1));
    expect(alert).toMatchObject({ kind: 'certificate-renewal-failed', source: 'self-signed' });
    expect(states(11 * minuteMs, selfSigned(1))).toEqual(['missing']);
    expect(look(12 * minuteMs, certificateAt(noon))).toMatchObject([
      { kind: 'certificate-renewed', instead: 'self-signed', incident: alert?.incident },
    ]);
  });

  it('is an alert even if that follows a renewal that fails, because now visitors notice it', () => {
    const [alert] = look(0, failed(3));
    expect(look(minuteMs, selfSigned(4))).toMatchObject([
      { kind: 'certificate-renewal-failed', source: 'self-signed', incident: alert?.incident },
    ]);
    expect(look(2 * minuteMs, selfSigned(5))).toEqual([]);
  });

  it('is an alert at once at the third failure', () => {
    expect(kinds(look(0, selfSigned(3)))).toEqual(['certificate-renewal-failed']);
  });

  it('is none if the CA issues one in time', () => {
    look(0, selfSigned());
    expect(look(9 * minuteMs, certificateAt(noon))).toEqual([]);
    expect(look(20 * minuteMs, certificateAt(noon))).toEqual([]);
  });
});

describe('an alert about a certificate', () => {
  const mutedUntil = (untilMs: number) => ({
    active: 'blue' as const,
    blue: null,
    green: null,
    muted: { sinceMs: noon, untilMs, actor: 'alice' },
  });

  it('waits for the end of a mute', () => {
    const flags = mutedUntil(noon + 30 * minuteMs);
    decisions.tick(noon, flags);
    expect(look(minuteMs, failed(3))).toEqual([]);
    expect(look(2 * minuteMs, failed(3))).toEqual([]);
    expect(decisions.heldBack()).toEqual(['certificate-renewal-failed: muted']);
    decisions.tick(noon + 30 * minuteMs, flags);
    expect(kinds(look(31 * minuteMs, failed(3)))).toEqual(['certificate-renewal-failed']);
  });

  it('is not sent at all if the certificate is renewed during the mute', () => {
    decisions.tick(noon, mutedUntil(noon + 30 * minuteMs));
    look(minuteMs, failed(3));
    expect(look(2 * minuteMs, renewed)).toEqual([]);
    expect(decisions.heldBack()).toEqual(['certificate-renewal-failed: muted', 'certificate-renewed: not-announced']);
  });

  it('is sent in spite of MAINTENANCE_MODE, as it is not about traffic', () => {
    decisions = new Decisions({ maintenance: true });
    expect(kinds(look(0, failed(3)))).toEqual(['certificate-renewal-failed']);
  });

  it('gets past the cooldown if it got worse', () => {
    decisions = new Decisions({ cooldownMs: 60 * dayMs });
    look(0, left(10));
    expect(kinds(look(4 * dayMs, left(10)))).toEqual(['certificate-expiring']);
  });
});
