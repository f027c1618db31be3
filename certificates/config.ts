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
  const { TLS_CERTIFICATE_FILE: certificateFile, TLS_KEY_FILE: keyFile } = settings;
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
          },
    tlsDirectory: settings.TLS_DIR,
    publicDirectory: settings.ACME_DIR,
  };
}
