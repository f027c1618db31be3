import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';

/** A certificate with its chain and its private key, which belong together. */
export interface Pair {
  /** The certificate of the domain, which is the first of the chain. */
  readonly certificate: X509Certificate;
  /** The private key and the chain in PEM, as nginx reads them from one file. */
  readonly pem: string;
}

export type Parsed = { readonly pair: Pair } | { readonly fault: 'certificate' | 'key' | 'mismatch' };

/** The name in self-signed certificates that serve until there is a real one. */
export const placeholderName = 'bluegreen until there is a certificate';

export function isPlaceholder({ subject }: X509Certificate): boolean {
  return subject === `CN=${placeholderName}`;
}

const dayMs = 24 * 60 * 60 * 1_000;
const placeholderLeftMs = 30 * dayMs;

/** Whether a self-signed certificate must be made: there is none at all, or a self-signed one that runs out. */
export function needsPlaceholder(live: Pair | undefined, nowMs: number): boolean {
  if (live === undefined) return true;
  return isPlaceholder(live.certificate) && live.certificate.validToDate.getTime() < nowMs + placeholderLeftMs;
}

const certificateBlock = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** @param key the private key in PEM; anything else in this text is ignored, so that both can be in one file */
export function parsePair(chain: string, key: string): Parsed {
  const blocks = chain.match(certificateBlock) ?? [];
  // One that is not there to its end is no certificate to go without.
  const isWhole = chain.split('-----BEGIN CERTIFICATE-----').length === blocks.length + 1;
  const certificate = parsed(() => blocks.map((block) => new X509Certificate(block)).at(0));
  if (certificate === undefined || !isWhole) return { fault: 'certificate' };
  const privateKey = parsed(() => createPrivateKey(key));
  if (privateKey === undefined) return { fault: 'key' };
  if (!certificate.checkPrivateKey(privateKey)) return { fault: 'mismatch' };
  return { pair: { certificate, pem: `${pemOf(privateKey)}${blocks.join('\n')}\n` } };
}

function parsed<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}

function pemOf(key: KeyObject): string {
  return String(key.export({ type: 'pkcs8', format: 'pem' }));
}

/** Whether the certificate is for this domain. One for a wildcard must be for every name that the wildcard stands for. */
export function covers(certificate: X509Certificate, domain: string): boolean {
  return certificate.checkHost(domain.replace('*', 'any')) !== undefined;
}

/** "Let's Encrypt R11": the organization and the name of who issued it. */
export function issuerOf({ issuer }: X509Certificate): string {
  const fields = issuer.split('\n');
  const values = ['O=', 'CN='].flatMap((name) =>
    fields.filter((field) => field.startsWith(name)).map((field) => field.slice(name.length)),
  );
  return (values.join(' ') || issuer.replaceAll('\n', ', ')).slice(0, 300);
}
