import type { Settings } from './read.ts';

type HttpsSettings = Settings<'DOMAINS' | 'ACME_DNS' | 'TLS_CERTIFICATE_FILE' | 'TLS_KEY_FILE'>;

/** Faults of the settings of HTTPS that are valid on their own, but not together. */
export function httpsFaults(settings: HttpsSettings): string[] {
  const { DOMAINS: domains = [], ACME_DNS: dns, TLS_CERTIFICATE_FILE: certificate, TLS_KEY_FILE: key } = settings;
  const faults: string[] = [];
  const twice = new Set(domains.filter((domain, index) => domains.indexOf(domain) !== index));
  for (const domain of twice) faults.push(`DOMAINS: expected each domain once, got ${domain} twice`);
  if ((certificate === undefined) !== (key === undefined))
    faults.push(
      certificate === undefined
        ? 'TLS_CERTIFICATE_FILE: expected the certificate of TLS_KEY_FILE, got nothing'
        : 'TLS_KEY_FILE: expected the key of TLS_CERTIFICATE_FILE, got nothing',
    );
  const isOwn = certificate !== undefined || key !== undefined;
  if (isOwn && domains.length === 0)
    faults.push('DOMAINS: expected the domains of TLS_CERTIFICATE_FILE, got nothing, so that HTTPS is off');
  const wildcards = isOwn || dns !== undefined ? [] : domains.filter((domain) => domain.startsWith('*.'));
  for (const domain of wildcards)
    faults.push(`ACME_DNS: expected a DNS provider for ${domain}, got nothing: a wildcard needs DNS-01`);
  return faults;
}
