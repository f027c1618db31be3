import { KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
// What @peculiar/x509 is built on needs it, before anything else.
import 'reflect-metadata';
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';
import type { Lifetime } from './lifetime.ts';
import { type Pair, parsePair, placeholderName } from './pair.ts';

const dayMs = 24 * 60 * 60 * 1_000;
const lifetimeMs = 365 * dayMs;
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** A self-signed certificate, with which the edge can serve until there is a real one. */
export function makePlaceholder(domain: string, nowMs: number): Promise<Pair> {
  return selfSigned(placeholderName, domain, { notBeforeMs: nowMs - dayMs, notAfterMs: nowMs + lifetimeMs });
}

export async function selfSigned(name: string, domain: string, { notBeforeMs, notAfterMs }: Lifetime): Promise<Pair> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    notBefore: new Date(notBeforeMs),
    notAfter: new Date(notAfterMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [new SubjectAlternativeNameExtension([{ type: isIP(domain) === 0 ? 'dns' : 'ip', value: domain }])],
  });
  const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' });
  const parsed = parsePair(certificate.toString('pem'), String(key));
  if (!('pair' in parsed)) throw new Error(`the self-signed certificate is unusable: ${parsed.fault}`);
  return parsed.pair;
}
