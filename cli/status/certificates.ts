import {
  type CertificateReport,
  certificateTone,
  certificateWords,
  days,
  failureWords,
  untilText,
} from '../../report/certificates.ts';
import type { Health } from '../../report/health.ts';
import { error, type Finding, ok, warn } from '../terminal/finding.ts';
import { table } from '../terminal/terminal.ts';
import type { Remark } from './remark.ts';

type Certificates = NonNullable<Health['certificates']>;

/** A line for each domain: how long its certificate is valid, and how its renewal goes. */
export function certificateTable(certificates: Certificates, nowMs: number): string {
  const rows = certificates.map((certificate) => [
    certificate.domain,
    // How long a self-signed certificate is valid means nothing.
    certificate.source === 'self-signed' ? '-' : untilText(certificate.notAfterMs, nowMs),
    wordsOf(certificate, nowMs),
  ]);
  return table(['CERTIFICATE', 'VALID', ''], rows);
}

/** What is wrong with certificates, for the first lines of a status. */
export function certificateRemarks(certificates: Certificates, nowMs: number): Remark[] {
  return certificates.flatMap((certificate) => {
    const tone = certificateTone(certificate.state);
    if (tone === 'good' || tone === 'neutral') return [];
    return [{ tone, text: `Certificate of ${certificate.domain}: ${wordsOf(certificate, nowMs)}` }];
  });
}

/**
 * A line of `doctor` for each domain.
 * @param certificates undefined if the watcher does not say
 */
export function certificateFindings(
  domains: readonly string[],
  certificates: Certificates | undefined,
  nowMs = Date.now(),
): Finding[] {
  if (certificates === undefined) return [];
  return domains.map((domain) => {
    const certificate = certificates.find((one) => one.domain === domain);
    if (certificate === undefined)
      return warn(`nothing is known yet about the certificate of ${domain}; see ./bluegreen logs certificates`);
    return findingOf(certificate, nowMs);
  });
}

function findingOf(certificate: CertificateReport, nowMs: number): Finding {
  const { domain, source, notAfterMs, state } = certificate;
  const until = source === 'self-signed' ? '' : `${untilText(notAfterMs, nowMs)}, `;
  const text = `certificate of ${domain}: ${until}${wordsOf(certificate, nowMs)}`;
  switch (certificateTone(state)) {
    case 'good':
      return ok(text);
    case 'bad':
      return error(`${text}; see ./bluegreen logs certificates`);
    default:
      return warn(`${text}; see ./bluegreen logs certificates`);
  }
}

function wordsOf(certificate: CertificateReport, nowMs: number): string {
  const failure = failureWords(certificate);
  const words = certificateWords(certificate);
  if (failure === undefined) return words;
  const { nextAttemptMs } = certificate;
  const next = nextAttemptMs === null || nextAttemptMs <= nowMs ? '' : `; next in ${days(nextAttemptMs - nowMs)}`;
  return `${words} (${failure}${next})`;
}
