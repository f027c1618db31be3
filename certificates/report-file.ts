import { join } from 'node:path';
import { replaceFile } from '../system/replace-file.ts';
import { lifetimeOf } from './lifetime.ts';
import type { LiveFile } from './live-file.ts';
import { isPlaceholder, issuerOf } from './pair.ts';
import { type Certificate, type CertificatesReport, certificatesFile } from './report.ts';

/** How it goes with a domain, besides what is in its certificate. */
export type Progress = Pick<Certificate, 'failures' | 'error' | 'nextAttemptMs' | 'renewAtMs'> & {
  /** Where a certificate that is not self-signed comes from. */
  readonly source: 'acme' | 'file';
};

/** The entry of a domain in the report; undefined if there is no certificate, not even a self-signed one. */
export function entryOf(domain: string, live: LiveFile, progress: Progress): Certificate | undefined {
  const certificate = live.read()?.certificate;
  if (certificate === undefined) return undefined;
  const isSelfSigned = isPlaceholder(certificate);
  return {
    ...progress,
    domain,
    source: isSelfSigned ? 'self-signed' : progress.source,
    issuer: issuerOf(certificate),
    ...lifetimeOf(certificate),
  };
}

/** For the watcher and the command line. @throws the file system's error */
export function writeReport(publicDirectory: string, certificates: readonly Certificate[], nowMs: number): void {
  const report: CertificatesReport = { atMs: nowMs, certificates: [...certificates] };
  replaceFile(join(publicDirectory, certificatesFile), `${JSON.stringify(report, undefined, 2)}\n`, 0o644);
}
