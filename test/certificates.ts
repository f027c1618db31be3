import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Certificate, certificatesFile } from '../certificates/report.ts';

export const dayMs = 24 * 60 * 60_000;

/** A certificate of 90 days that is renewed when 30 of them are left; 60 are. */
export function certificateAt(nowMs: number, changed: Partial<Certificate> = {}): Certificate {
  return {
    domain: 'shop.example',
    source: 'acme',
    issuer: "C=US, O=Let's Encrypt, CN=R11",
    notBeforeMs: nowMs - 30 * dayMs,
    notAfterMs: nowMs + 60 * dayMs,
    renewAtMs: nowMs + 30 * dayMs,
    failures: 0,
    ...changed,
  };
}

/** Writes a report as the certificates program does. */
export function writeCertificates(directory: string, certificates: readonly Certificate[], atMs = Date.now()): void {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, certificatesFile);
  writeFileSync(`${path}.new`, JSON.stringify({ atMs, certificates }));
  renameSync(`${path}.new`, path);
}
