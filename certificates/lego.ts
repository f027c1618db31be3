import { spawn } from 'node:child_process';
import { globSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Failure } from './backoff.ts';
import type { AcmeSource } from './config.ts';
import { failureOf } from './lego-error.ts';
import { fileNameOf } from './live-file.ts';
import { type Pair, parsePair } from './pair.ts';

/** A DNS record can take its time to appear everywhere. */
const deadlineMs = { http: 3 * 60_000, dns: 20 * 60_000 } as const;
const helpDeadlineMs = 10_000;
const pipesMs = 1_000;
const mostOutput = 64 * 1024;

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
  #dynamic: boolean | undefined;

  constructor(options: LegoOptions) {
    this.#options = options;
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
    const { email } = this.#options.source;
    return this.#accounts().some((path) => email === undefined || basename(dirname(path)) === email);
  }

  /** Gets the first certificate for a domain, or renews the stored one. A renewal keeps the key. */
  async obtain(domain: string): Promise<Failure | undefined> {
    const { source, path, webroot, more } = this.#options;
    const { directoryUrl, email, dns } = source;
    this.#forgetBrokenAccounts();
    const challenge = dns === undefined ? ['--http', '--http.webroot', webroot] : ['--dns', dns];
    const common = ['--path', path, '--server', directoryUrl, '--accept-tos', '--key-type', 'ec256', ...more];
    const account = email === undefined ? [] : ['--email', email];
    const command = this.stored(domain) && this.hasAccount() ? await this.#renewal() : ['run'];
    const limitMs = this.#options.deadlineMs ?? deadlineMs[dns === undefined ? 'http' : 'dns'];
    const result = await this.#run([...common, ...account, '--domains', domain, ...challenge, ...command], limitMs);
    if (result.exitCode === 0) return undefined;
    if (result.isLate)
      return { kind: 'unreachable', message: `lego was not done after ${limitMs / 1_000} s, and was ended` };
    if (result.fault !== undefined) return { kind: 'local', message: `lego cannot be started: ${result.fault}` };
    if (/acme:error:accountDoesNotExist/.test(result.output)) this.#forgetAccounts();
    return failureOf(result.output, { domain, directoryUrl, dns, secrets: this.#options.secrets });
  }

  async #renewal(): Promise<string[]> {
    // Without --dynamic, it renews what has so few days left: everything, as it is called only when it is time.
    const when = (await this.asksWhenToRenew()) ? ['--dynamic'] : ['--days', '99999'];
    return ['renew', '--reuse-key', '--no-random-sleep', ...when];
  }

  #contents(domain: string, extension: string): string {
    const path = join(this.#options.path, 'certificates', `${fileNameOf(domain)}.${extension}`);
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return '';
    }
  }

  #accounts(): string[] {
    return globSync('accounts/*/*/account.json', { cwd: this.#options.path });
  }

  /** lego never gets over a file that it did not write to the end. The key of the account is another file. */
  #forgetBrokenAccounts(): void {
    for (const file of this.#accounts()) {
      const path = join(this.#options.path, file);
      try {
        JSON.parse(readFileSync(path, 'utf8'));
      } catch {
        rmSync(path, { force: true });
      }
    }
  }

  #forgetAccounts(): void {
    for (const file of this.#accounts())
      rmSync(join(this.#options.path, dirname(file)), { recursive: true, force: true });
  }

  #run(args: readonly string[], limitMs: number): Promise<Result> {
    const { source, env, signal } = this.#options;
    const roots = source.caFile === undefined ? {} : { LEGO_CA_CERTIFICATES: source.caFile };
    const { promise, resolve } = Promise.withResolvers<Result>();
    // In the process group of this program, so that whoever kills that kills lego as well.
    const child = spawn('lego', args, { env: { ...env, ...roots }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let isLate = false;
    const take = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-mostOutput);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    const end = () => child.kill('SIGKILL');
    const tooLate = setTimeout(() => {
      isLate = true;
      end();
    }, limitMs);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
    const done = (exitCode: number | null, fault?: string) => {
      clearTimeout(tooLate);
      signal.removeEventListener('abort', end);
      resolve({ exitCode, output, isLate, fault });
    };
    child.once('error', ({ message }) => done(null, message));
    child.once('close', (exitCode) => done(exitCode));
    // A program that lego started may keep the pipes open.
    child.once('exit', (exitCode) => setTimeout(done, pipesMs, exitCode).unref());
    return promise;
  }
}

interface Result {
  /** Null if it was killed or could not be started. */
  readonly exitCode: number | null;
  readonly output: string;
  readonly isLate: boolean;
  /** Why it could not be started. */
  readonly fault: string | undefined;
}
