import type { Certificate } from '../../certificates/report.ts';
import type { CertificateReport, CertificateState } from '../../report/certificates.ts';
import { oneLine } from '../../report/text.ts';
import type { KnownCertificates } from '../control/certificates.ts';
import { expiryStage } from './certificate-age.ts';
import type { State } from './state.ts';

/** A CA or a network fails now and then. */
const maxFailures = 3;
/** The first certificate takes seconds if nothing is wrong. */
const selfSignedForMs = 10 * 60_000;

/** The certificates as they are judged now. */
export function certificateReports(state: State, known: KnownCertificates, nowMs: number): CertificateReport[] {
  return known.certificates.map((certificate) => {
    const { domain, source, issuer, notAfterMs, failures, error, nextAttemptMs = null } = certificate;
    return {
      domain,
      source,
      issuer: oneLine(issuer),
      notAfterMs,
      state: stateOf(state, certificate, nowMs),
      failures,
      error: error === undefined ? null : oneLine(error),
      nextAttemptMs,
    };
  });
}

/** Whether it has failed so often, or there is none for so long, that somebody should look. */
export function isFailing({ certificates }: State, { domain, source, failures }: Certificate, nowMs: number): boolean {
  if (failures >= maxFailures) return true;
  const sinceMs = certificates.selfSignedSinceMs[domain] ?? nowMs;
  return source === 'self-signed' && nowMs - sinceMs >= selfSignedForMs;
}

function stateOf(state: State, certificate: Certificate, nowMs: number): CertificateState {
  const isBroken = isFailing(state, certificate, nowMs);
  if (certificate.source === 'self-signed') return isBroken ? 'missing' : 'pending';
  if (certificate.notAfterMs <= nowMs) return 'expired';
  if (expiryStage(certificate, nowMs) > 0) return 'expiring';
  return isBroken ? 'failing' : 'ok';
}
