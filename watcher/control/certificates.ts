import { join } from 'node:path';
import { type Certificate, certificatesFile, parseCertificates } from '../../certificates/report.ts';
import { ControlFile } from './control-file.ts';

/** What is known about the certificates of the site. Plain data. */
export interface KnownCertificates {
  /** The entries of DOMAINS; empty without HTTPS. */
  readonly domains: readonly string[];
  /** Those of DOMAINS only, because a report outlives a change of it. */
  readonly certificates: readonly Certificate[];
  /** When the last report was written, or when the first look was taken if there is none yet. */
  readonly reportedMs: number;
}

/** The certificates program reports once a minute; longer than any of its attempts takes. */
const silentAfterMs = 10 * 60_000;

const everyMs = 2_000;
const maxBytes = 4 * 1024 * 1024;

/** Reads the report of the certificates program. Without DOMAINS, it never looks. */
export class CertificatesFile {
  readonly #file: ControlFile;
  #known: KnownCertificates;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #fault: string | null = null;

  constructor(directory: string, domains: readonly string[]) {
    this.#file = new ControlFile(join(directory, certificatesFile), maxBytes);
    this.#known = { domains, certificates: [], reportedMs: Date.now() };
  }

  /** As of the last look. A report that cannot be read leaves everything as it was. */
  get known(): KnownCertificates {
    return this.#known;
  }

  /** Why the report is ignored; null if it is valid or missing. */
  get fault(): string | null {
    return this.#fault;
  }

  /** Looks again after two seconds at the earliest. */
  read(monotonicMs: number = performance.now()): KnownCertificates {
    const { domains } = this.#known;
    if (domains.length === 0 || monotonicMs - this.#lookedMs < everyMs) return this.#known;
    this.#lookedMs = monotonicMs;
    const content = this.#file.read();
    if (content === undefined) return this.#known;
    const report = content.found === 'text' ? parseCertificates(content.text) : undefined;
    if (content.found === 'fault') this.#fault = content.fault;
    else this.#fault = content.found === 'text' && report === undefined ? 'invalid' : null;
    if (report !== undefined) {
      const certificates = report.certificates.filter(({ domain }) => domains.includes(domain));
      this.#known = { domains, certificates, reportedMs: report.atMs };
    }
    return this.#known;
  }
}

/** Whether the certificates program has not reported for so long that it cannot be running. */
export function isSilent({ domains, reportedMs }: KnownCertificates, nowMs: number): boolean {
  return domains.length > 0 && nowMs - reportedMs > silentAfterMs;
}
