import { describe, expect, it } from 'vitest';
import type { CertificateReport } from '../../report/certificates.ts';
import { health, lookOf } from '../../test/looks.ts';
import { certificateFindings, certificateTable } from './certificates.ts';
import { storyOf } from './story.ts';
import { healthOf } from './watcher-answers.ts';

const nowMs = Date.UTC(2026, 10, 28, 12);
const dayMs = 86_400_000;
const ok: CertificateReport = {
  domain: 'shop.example',
  source: 'acme',
  issuer: "C=US, O=Let's Encrypt, CN=R11",
  notAfterMs: nowMs + 36 * dayMs,
  state: 'ok',
  failures: 0,
  error: null,
  nextAttemptMs: null,
};
const failing: CertificateReport = {
  ...ok,
  domain: 'www.shop.example',
  state: 'failing',
  failures: 3,
  error: 'no such domain',
  nextAttemptMs: nowMs + 3_600_000,
};
const selfSigned: CertificateReport = { ...ok, source: 'self-signed', state: 'pending' };

describe('the certificates in a status', () => {
  it('have a line each, with the end and how renewal goes', () => {
    const all = [
      ok,
      failing,
      selfSigned,
      { ...selfSigned, state: 'missing', failures: 1, error: 'timeout' },
      { ...ok, source: 'file', state: 'expiring', issuer: 'CN=Example CA', notAfterMs: nowMs + 30 * 3_600_000 },
      { ...ok, source: 'file', state: 'ok', issuer: 'CN=Example CA', failures: 1, error: 'no key' },
      { ...ok, state: 'expired', notAfterMs: nowMs - 3 * dayMs },
    ] as const;
    expect(certificateTable(all, nowMs).split('\n')).toEqual([
      'CERTIFICATE       VALID',
      "shop.example      until 2027-01-03 (36 days)         renewed by Let's Encrypt",
      'www.shop.example  until 2027-01-03 (36 days)         cannot be renewed (3 attempts failed: no such domain; next in 1 h)',
      'shop.example      -                                  self-signed: visitors get a warning until the CA has issued one',
      'shop.example      -                                  no certificate yet: visitors get a warning (the last attempt failed: timeout)',
      'shop.example      until 2026-11-29 18:00 UTC (30 h)  your own: replace it',
      'shop.example      until 2027-01-03 (36 days)         your own, issued by Example CA (the last attempt failed: no key)',
      'shop.example      until 2026-11-25                   expired: visitors get a warning',
    ]);
  });

  it('are among its first lines if something is wrong with them, instead of their incidents', () => {
    const incident = { kind: 'certificate-renewal-failed', incident: 'i-1', since: '2026-11-28T11:00:00.000Z' };
    const watcher = {
      ...health,
      openIncidents: [incident],
      certificates: [ok, failing, { ...ok, state: 'expired' }],
    } as const;
    expect(storyOf(lookOf({ watcher }), nowMs)).toEqual([
      { tone: 'good', text: 'blue is active and serves blue-1; green stands by' },
      { tone: 'bad', text: 'Certificate of shop.example: expired: visitors get a warning' },
      {
        tone: 'warning',
        text: 'Certificate of www.shop.example: cannot be renewed (3 attempts failed: no such domain; next in 1 h)',
      },
    ]);
  });

  it('are read from a watcher of this version and of one that does not have them', () => {
    expect(healthOf({ ...health, certificates: [ok] })?.certificates).toEqual([ok]);
    expect(healthOf(health)).toEqual(health);
    expect(healthOf({ ...health, certificates: ['?'] })).toBeUndefined();
  });
});

describe('the certificates in doctor', () => {
  it('are fine, a warning or an error', () => {
    const domains = ['shop.example', 'www.shop.example', 'new.example'];
    expect(certificateFindings(domains, [ok, failing], nowMs)).toEqual([
      { level: 'ok', text: "certificate of shop.example: until 2027-01-03 (36 days), renewed by Let's Encrypt" },
      { level: 'warning', text: expect.stringMatching(/cannot be renewed .*; see .\/bluegreen logs certificates$/) },
      { level: 'warning', text: expect.stringContaining('nothing is known yet about the certificate of new.example') },
    ]);
    const [missing, pending] = certificateFindings(
      ['shop.example'],
      [{ ...selfSigned, state: 'missing' }],
      nowMs,
    ).concat(certificateFindings(['shop.example'], [selfSigned], nowMs));
    expect([missing?.level, pending?.level]).toEqual(['error', 'warning']);
  });

  it('are not mentioned if the watcher does not say, or without HTTPS', () => {
    expect(certificateFindings(['shop.example'], undefined, nowMs)).toEqual([]);
    expect(certificateFindings([], [], nowMs)).toEqual([]);
  });
});
