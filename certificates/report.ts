import { z } from 'zod';

const ms = z.number().nonnegative().max(8.64e15);

/** The certificate that the edge shows for one entry of DOMAINS, and how its renewal goes. */
const certificate = z.object({
  /** As in DOMAINS, so possibly a wildcard. */
  domain: z.string().min(1).max(255),
  /** A self-signed certificate serves until the CA has issued one. */
  source: z.enum(['acme', 'file', 'self-signed']),
  issuer: z.string().max(300),
  notBeforeMs: ms,
  notAfterMs: ms,
  /** When it will be renewed; undefined: somebody else does that. */
  renewAtMs: ms.optional(),
  /** Failed attempts in a row, since the last certificate that was issued or read. */
  failures: z.number().int().nonnegative(),
  /** Why the last attempt failed, in one or two sentences; undefined: it did not. */
  error: z.string().max(2_000).optional(),
  /** When it will be tried again. */
  nextAttemptMs: ms.optional(),
});

/** `certificates.json`, which the certificates program writes for the watcher and the command line. */
const certificatesReport = z.object({
  /** Written at least once a minute. */
  atMs: ms,
  certificates: z.array(certificate).max(1_000),
});

export type Certificate = z.output<typeof certificate>;
export type CertificatesReport = z.output<typeof certificatesReport>;

export const certificatesFile = 'certificates.json';

/** Undefined if the text is not a report. */
export function parseCertificates(text: string): CertificatesReport | undefined {
  try {
    return certificatesReport.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
