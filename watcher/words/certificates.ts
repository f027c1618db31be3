import { days, expiryDate, issuerName } from '../../report/certificates.ts';
import { span, utcTime } from '../../report/figures.ts';
import { short } from '../../report/text.ts';
import type { CertificateExpiring, CertificateRenewalFailed, CertificateRenewed } from '../alerts/alert.ts';
import { type Fact, fact, note, time, type Wording } from './facts.ts';

type Failing = CertificateExpiring | CertificateRenewalFailed;

/** A certificate runs out, or cannot be renewed; it is in order again. */
export function certificateWording(alert: Failing | CertificateRenewed): Wording {
  switch (alert.kind) {
    case 'certificate-expiring':
      return expiringWording(alert);
    case 'certificate-renewal-failed':
      return alert.source === 'self-signed' ? missingWording(alert) : failedWording(alert);
    case 'certificate-renewed':
      return renewedWording(alert);
    default:
      return alert satisfies never;
  }
}

function expiringWording(alert: CertificateExpiring): Wording {
  const { domain, source, notAfterMs, atMs, renewAtMs, silentSinceMs } = alert;
  const isOwn = source === 'file';
  const toDo = isOwn
    ? 'It is your own, so nobody renews it: put a new one at TLS_CERTIFICATE_FILE, and its key at TLS_KEY_FILE.'
    : `It should have been renewed${renewAtMs === undefined ? '' : ` on ${expiryDate(renewAtMs, atMs)}`}: ./bluegreen doctor shows what is in the way.`;
  const silence: Fact[] = silentSinceMs === undefined ? [] : [silentFact(silentSinceMs)];
  const facts = [...factsOf(alert), ...silence];
  if (notAfterMs <= atMs) {
    return {
      headline: `Certificate of ${short(domain)} has expired: visitors get a warning`,
      summary: `Browsers and apps refuse the site. ${toDo}`,
      facts,
      tone: 'bad',
      anchor: 'certificate-expired',
    };
  }
  const date = expiryDate(notAfterMs, atMs);
  return {
    headline: `Certificate of ${short(domain)} runs out in ${days(notAfterMs - atMs)}, on ${date}`,
    summary: `Visitors notice nothing until then; from then on, browsers and apps refuse the site. ${toDo}`,
    facts,
    tone: 'warning',
    anchor: isOwn ? 'own-certificate-expiring' : 'certificate-expiring',
  };
}

function failedWording(alert: CertificateRenewalFailed): Wording {
  const { domain, source, notAfterMs, atMs, failures } = alert;
  const left = `${expiryDate(notAfterMs, atMs)} (${days(notAfterMs - atMs)})`;
  return {
    headline:
      source === 'file'
        ? `The new certificate of ${short(domain)} cannot be used`
        : `Certificate of ${short(domain)} cannot be renewed: ${failures} attempts failed`,
    summary:
      `Visitors notice nothing: the present one is valid until ${left}. ` +
      'It is tried again and again; ./bluegreen doctor shows what may be in the way.',
    facts: factsOf(alert),
    tone: 'warning',
    anchor: 'certificate-renewal-failed',
  };
}

function missingWording(alert: CertificateRenewalFailed): Wording {
  const { failures } = alert;
  const tried = failures === 0 ? '' : ` ${failures === 1 ? '1 attempt has' : `${failures} attempts have`} failed.`;
  return {
    headline: `${short(alert.domain)} has no certificate yet: visitors get a warning`,
    summary:
      `The edge shows a self-signed one instead, which browsers refuse.${tried} ` +
      './bluegreen doctor shows what may be in the way.',
    // How long a self-signed certificate is valid means nothing.
    facts: factsOf(alert).filter(({ label }) => label === 'Cause' || label === 'Next attempt'),
    tone: 'bad',
    anchor: 'no-certificate',
  };
}

function renewedWording(alert: CertificateRenewed): Wording {
  const { domain, source, issuer, notAfterMs, atMs, instead, because, lastedMs } = alert;
  const lasted = note('Lasted', span(lastedMs));
  const anchor = 'certificate-renewed';
  if (because === 'removed') {
    return {
      headline: `Certificate of ${short(domain)} is no longer needed`,
      summary: 'DOMAINS no longer has this domain.',
      facts: [lasted],
      tone: 'neutral',
      anchor,
    };
  }
  const how = because === 'readable' ? 'in order again' : instead === 'self-signed' ? 'issued' : 'renewed';
  const nobody = source === 'file' ? ' Nobody renews it: it is your own.' : '';
  return {
    headline: `Certificate of ${short(domain)} ${how}: valid until ${expiryDate(notAfterMs, atMs)}`,
    summary: `Visitors get a certificate that is valid for ${days(notAfterMs - atMs)} more.${nobody}`,
    facts: [time('Until', notAfterMs), ...fact('Issued by', issuerName(issuer)), lasted],
    tone: 'good',
    anchor,
  };
}

function factsOf(alert: Failing): Fact[] {
  const { notAfterMs, atMs, issuer, error, nextAttemptMs } = alert;
  const next: Fact[] =
    nextAttemptMs === undefined || nextAttemptMs <= atMs ? [] : [time('Next attempt', nextAttemptMs)];
  return [time('Until', notAfterMs), ...fact('Issued by', issuerName(issuer)), ...fact('Cause', error), ...next];
}

function silentFact(sinceMs: number): Fact {
  return note('Figures', `the certificates service has not reported since ${utcTime(sinceMs)}`);
}
