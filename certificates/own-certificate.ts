import { accessSync, constants, lstatSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorCode } from '../system/error-code.ts';
import type { FileSource } from './config.ts';
import { lifetimeOf } from './lifetime.ts';
import type { LiveFile } from './live-file.ts';
import { covers, type Pair, parsePair } from './pair.ts';

/** Where the Compose file puts the directories of both files; the rest of the path is what the user wrote. */
const mountedAt = /^\/run\/tls\/(certificate|key)\/at\//;

/** The user's own certificate: read again and again, by content, because it can be replaced or written in place. */
export class OwnCertificate {
  readonly #source: FileSource;
  readonly #lives: ReadonlyMap<string, LiveFile>;
  #fault: string | undefined;
  #pair: Pair | undefined;

  constructor(source: FileSource, lives: ReadonlyMap<string, LiveFile>) {
    this.#source = source;
    this.#lives = lives;
  }

  /**
   * Installs the certificate for all domains. One that cannot be used changes nothing.
   * @returns the domains for which it was another one before
   * @throws the file system's error, if it cannot be installed
   */
  check(nowMs: number): string[] {
    const read = readOwn(this.#source, nowMs);
    this.#fault = 'fault' in read ? read.fault : undefined;
    if ('fault' in read) return [];
    const { pair } = read;
    this.#pair = pair;
    return [...this.#lives].filter(([, live]) => live.install(pair)).map(([domain]) => domain);
  }

  /** What is wrong with it, for a domain. */
  faultFor(domain: string): string | undefined {
    if (this.#fault !== undefined) return this.#fault;
    if (this.#pair === undefined || covers(this.#pair.certificate, domain)) return undefined;
    return `the certificate in ${shown(this.#source.certificateFile)} is not for ${domain}: visitors get an error`;
  }
}

function readOwn({ certificateFile, keyFile }: FileSource, nowMs: number): { pair: Pair } | { fault: string } {
  const chain = readText('TLS_CERTIFICATE_FILE', certificateFile);
  if ('fault' in chain) return chain;
  const key = readText('TLS_KEY_FILE', keyFile);
  if ('fault' in key) return key;
  const parsed = parsePair(chain.text, key.text);
  if ('fault' in parsed) return { fault: unusable(parsed.fault, shown(certificateFile), shown(keyFile)) };
  const { notAfterMs } = lifetimeOf(parsed.pair.certificate);
  if (notAfterMs > nowMs) return parsed;
  return { fault: `the certificate in ${shown(certificateFile)} ran out on ${new Date(notAfterMs).toISOString()}` };
}

function unusable(fault: 'certificate' | 'key' | 'mismatch', certificateFile: string, keyFile: string): string {
  switch (fault) {
    case 'certificate':
      return `${certificateFile} has no certificate in PEM, or one that is not whole`;
    case 'key':
      return `${keyFile} has no private key in PEM, or one with a password`;
    case 'mismatch':
      return `the key in ${keyFile} is not that of the first certificate in ${certificateFile}`;
    default:
      return fault satisfies never;
  }
}

function readText(name: string, path: string): { text: string } | { fault: string } {
  try {
    return { text: readFileSync(path, 'utf8') };
  } catch (error) {
    return { fault: `${name} cannot be read: ${remedy(errorCode(error) ?? 'unknown error', path)}` };
  }
}

function remedy(code: string, path: string): string {
  const file = shown(path);
  const group = process.getgid?.() ?? 'GROUP';
  if (code === 'EACCES') {
    const directory = dirname(file);
    return canEnter(dirname(path))
      ? `chgrp ${group} ${file} && chmod g+r ${file}`
      : `chgrp ${group} ${directory} && chmod g+x ${directory}, and the same for the directories above it`;
  }
  if (code === 'ENOENT' && isLink(path))
    return `${file} is a link out of its directory, and only that is seen; copy it`;
  if (code === 'ENOENT') return `there is no file ${file}`;
  return `${code} for ${file}`;
}

function canEnter(directory: string): boolean {
  try {
    accessSync(directory, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

function shown(path: string): string {
  return path.replace(mountedAt, '');
}
