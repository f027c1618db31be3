import { httpsFaults } from '../settings/https.ts';
import { readSettings, SettingsError } from '../settings/read.ts';
import { variables, variablesOf } from '../settings/variables.ts';

/** How certificates are got from a CA. */
export interface AcmeSource {
  readonly kind: 'acme';
  /** The URL of the ACME directory. */
  readonly directoryUrl: string;
  readonly email: string | undefined;
  /** The root certificates that the CA is trusted with; undefined: those of the system. */
  readonly caFile: string | undefined;
  /** The DNS provider for DNS-01; undefined: HTTP-01. */
  readonly dns: string | undefined;
  /** Where the edge serves the challenges of HTTP-01; undefined: it is not asked whether it does. */
  readonly edgeAddress: string | undefined;
}

/** The user's own certificate. */
export interface FileSource {
  readonly kind: 'file';
  readonly certificateFile: string;
  readonly keyFile: string;
}

export interface Config {
  readonly domains: readonly string[];
  readonly source: AcmeSource | FileSource;
  /** Certificates, keys and the ACME account. */
  readonly tlsDirectory: string;
  /** Challenges and the report: whatever is here is public. */
  readonly publicDirectory: string;
}

/** @throws {SettingsError} with all faults at once */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const settings = readSettings(env, variablesOf('certificates'));
  const domains = settings.DOMAINS ?? [];
  const faults = httpsFaults(settings);
  if (domains.length === 0) faults.push(`DOMAINS: expected ${variables.DOMAINS.expected}, got nothing`);
  if (faults.length > 0) throw new SettingsError(faults);
  const certificateFile = settings.TLS_CERTIFICATE_FILE;
  const keyFile = settings.TLS_KEY_FILE;
  return {
    domains,
    source:
      certificateFile !== undefined && keyFile !== undefined
        ? { kind: 'file', certificateFile, keyFile }
        : {
            kind: 'acme',
            directoryUrl: settings.ACME_DIRECTORY,
            email: settings.ACME_EMAIL,
            caFile: settings.ACME_CA_FILE,
            dns: settings.ACME_DNS,
            edgeAddress: settings.EDGE_ADDRESS,
          },
    tlsDirectory: settings.TLS_DIR,
    publicDirectory: settings.ACME_DIR,
  };
}
