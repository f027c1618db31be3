import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../system/error-code.ts';
import type { Failure } from './backoff.ts';
import type { AcmeSource } from './config.ts';
import { LegoAccounts } from './lego-accounts.ts';
import { failureOf } from './lego-error.ts';
import { type LegoResult, runLego } from './lego-process.ts';
import { fileNameOf } from './live-file.ts';
import { type Pair, parsePair } from './pair.ts';

/** A DNS record can take its time to appear everywhere. */
const deadlineMs = { http: 3 * 60_000, dns: 20 * 60_000 } as const;
const helpDeadlineMs = 10_000;

export interface LegoOptions {
  readonly source: AcmeSource;
  /** lego's own files: the account and what it was issued, apart for each CA. */
  readonly path: string;
  /** From where the edge serves challenges. */
  readonly webroot: string;
  /** For lego: the credentials of the DNS provider. */
  readonly env: NodeJS.ProcessEnv;
  /** Values of `env` that no error repeats. */
  readonly secrets: readonly string[];
  /** Ends a run. */
  readonly signal: AbortSignal;
  readonly deadlineMs: number | undefined;
  /** More global options. */
  readonly more: readonly string[];
}

/** Gets certificates with lego, a program of its own. */
export class Lego {
  readonly #options: LegoOptions;
  readonly #accounts: LegoAccounts;
  #dynamic: boolean | undefined;

  constructor(options: LegoOptions) {
    this.#options = options;
    this.#accounts = new LegoAccounts(options.path);
  }

  /** Whether this lego asks the CA when to renew (RFC 9773). By its help, because packages leave the version out. */
  async asksWhenToRenew(): Promise<boolean> {
    if (this.#dynamic === undefined) {
      const help = await this.#run(['renew', '--help'], helpDeadlineMs);
      if (help.exitCode !== 0) return false;
      this.#dynamic = help.output.includes('--dynamic');
    }
    return this.#dynamic;
  }

  /** The last certificate that lego was issued for a domain; undefined if there is none that can be used. */
  stored(domain: string): Pair | undefined {
    const parsed = parsePair(this.#contents(domain, 'crt'), this.#contents(domain, 'key'));
    return 'pair' in parsed ? parsed.pair : undefined;
  }

  hasAccount(): boolean {
    return this.#accounts.has(this.#options.source.email);
  }

  /** Gets the first certificate for a domain, or renews the stored one. A renewal keeps the key. */
  async obtain(domain: string): Promise<Failure | undefined> {
    const { source, secrets } = this.#options;
    const { directoryUrl, dns, caFile } = source;
    const unreadable = caFile === undefined ? undefined : unreadableRoots(caFile);
    if (unreadable !== undefined) return unreadable;
    this.#accounts.forgetBroken();
    const command = this.stored(domain) && this.hasAccount() ? await this.#renewal() : ['run'];
    const limitMs = this.#options.deadlineMs ?? deadlineMs[dns === undefined ? 'http' : 'dns'];
    const result = await this.#run([...this.#arguments(domain), ...command], limitMs);
    if (result.exitCode === 0) return undefined;
    if (result.isLate)
      return { kind: 'unreachable', message: `lego was not done after ${limitMs / 1_000} s, and was ended` };
    if (result.fault !== undefined) return { kind: 'local', message: `lego cannot be started: ${result.fault}` };
    if (result.output.includes('acme:error:accountDoesNotExist')) this.#accounts.forgetAll();
    return failureOf(result.output, { domain, directoryUrl, dns, secrets });
  }

  #arguments(domain: string): string[] {
    const { source, path, webroot, more } = this.#options;
    const { directoryUrl, email, dns } = source;
    const account = email === undefined ? [] : ['--email', email];
    const challenge = dns === undefined ? ['--http', '--http.webroot', webroot] : ['--dns', dns];
    const common = ['--path', path, '--server', directoryUrl, '--accept-tos', '--key-type', 'ec256', ...more];
    return [...common, ...account, '--domains', domain, ...challenge];
  }

  async #renewal(): Promise<string[]> {
    // Without --dynamic, it renews what has so few days left: everything, as it is called only when it is time.
    const when = (await this.asksWhenToRenew()) ? ['--dynamic'] : ['--days', '99999'];
    return ['renew', '--reuse-key', '--no-random-sleep', ...when];
  }

  #contents(domain: string, extension: string): string {
    try {
      return readFileSync(join(this.#options.path, 'certificates', `${fileNameOf(domain)}.${extension}`), 'utf8');
    } catch {
      return '';
    }
  }

  #run(args: readonly string[], limitMs: number): Promise<LegoResult> {
    const { source, env, signal } = this.#options;
    const roots = source.caFile === undefined ? {} : { LEGO_CA_CERTIFICATES: source.caFile };
    return runLego(args, { env: { ...env, ...roots }, signal, limitMs });
  }
}

/** lego itself would only panic. In a container, the path is not the one that the user wrote. */
function unreadableRoots(caFile: string): Failure | undefined {
  try {
    const hasRoot = readFileSync(caFile, 'utf8').includes('-----BEGIN CERTIFICATE-----');
    return hasRoot ? undefined : { kind: 'local', message: 'ACME_CA_FILE has no certificate in PEM' };
  } catch (error) {
    const code = errorCode(error) ?? 'unknown error';
    return { kind: 'local', message: `ACME_CA_FILE cannot be read (${code}): everybody must be able to, chmod a+r` };
  }
}
