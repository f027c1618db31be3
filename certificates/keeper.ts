import type { Logger } from 'pino';
import { AcmeCertificate } from './acme-certificate.ts';
import { AttemptsFile } from './attempts.ts';
import type { AcmeSource, Config, FileSource } from './config.ts';
import { legoDirectory } from './directories.ts';
import { edgeFailure } from './edge.ts';
import { Lego } from './lego.ts';
import type { LiveFile } from './live-file.ts';
import type { Options } from './options.ts';
import { OwnCertificate } from './own-certificate.ts';
import { type Look, unreachable } from './reach.ts';
import type { Progress } from './report-file.ts';
import { secretsIn } from './secrets.ts';
import { Turns } from './turns.ts';

/** Until there is an account, one at a time: it is made once, by the first. */
const atATime = 4;
const lookAgainMs = 500;

/** Keeps the certificates of some domains: both sources behind one interface. */
export interface Keeper {
  readonly domains: readonly string[];
  /** Installs what is there already, without asking anybody. @throws the file system's error */
  begin(): void;
  /**
   * Does what is due.
   * @returns when something is due again
   * @throws the file system's error
   */
  step(): Promise<number>;
  progress(domain: string): Progress;
}

export interface Parts {
  readonly lives: ReadonlyMap<string, LiveFile>;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/** One keeper for each domain, so that none waits for another, or one for the user's own certificate. */
export function keepersOf(config: Config, options: Options, parts: Parts): Keeper[] {
  const { source } = config;
  return source.kind === 'file' ? [ownKeeper(source, options, parts)] : acmeKeepers(source, config, options, parts);
}

function ownKeeper(source: FileSource, { readEveryMs }: Options, { lives, log }: Parts): Keeper {
  const own = new OwnCertificate(source, lives);
  const check = () => {
    for (const domain of own.check(Date.now())) log.info({ domain }, 'certificate installed');
  };
  return {
    domains: [...lives.keys()],
    begin: check,
    async step() {
      check();
      return Date.now() + readEveryMs;
    },
    progress(domain) {
      const error = own.faultFor(domain);
      return error === undefined
        ? { source: 'file', failures: 0 }
        : { source: 'file', failures: 1, error, nextAttemptMs: Date.now() + readEveryMs };
    },
  };
}

function acmeKeepers(source: AcmeSource, config: Config, options: Options, parts: Parts): Keeper[] {
  const { tlsDirectory, publicDirectory } = config;
  const { lives, env, signal, log } = parts;
  const { look } = options;
  const lego = new Lego({
    source,
    path: legoDirectory(tlsDirectory, source.directoryUrl),
    webroot: publicDirectory,
    env,
    secrets: secretsIn(env),
    signal,
    deadlineMs: options.legoDeadlineMs,
    more: options.legoArguments,
  });
  const attempts = new AttemptsFile(tlsDirectory, {
    with: `${source.directoryUrl} ${source.email ?? ''} ${source.dns ?? 'http-01'}`,
    backoff: options.backoff,
  });
  const turns = new Turns(() => (lego.hasAccount() ? atATime : 1));
  const looking = setInterval(() => turns.lookAgain(), lookAgainMs);
  signal.addEventListener('abort', () => clearInterval(looking));
  const shared = {
    lego,
    attempts,
    turns,
    async lookAtEdge(domain: string) {
      const { dns, edgeAddress: address } = source;
      if (dns !== undefined || address === undefined) return undefined;
      return edgeFailure(domain, { address, publicDirectory, patienceMs: options.edgePatienceMs, signal });
    },
    lookAtDomain: async (domain: string, depth: Look) =>
      look && unreachable(domain, depth, { publicDirectory, ...look }),
    askEveryMs: options.askEveryMs,
    signal,
    log,
  };
  return [...lives].map(([domain, live]) => {
    const certificate = new AcmeCertificate(domain, live, shared);
    return {
      domains: [domain],
      begin: () => certificate.adopt(),
      async step() {
        await certificate.step();
        return certificate.dueMs();
      },
      progress() {
        const failed = attempts.of(domain);
        return {
          source: 'acme',
          failures: failed?.failures ?? 0,
          error: failed?.lastError,
          nextAttemptMs: failed?.nextAttemptMs,
          renewAtMs: certificate.renewAtMs(),
        };
      },
    };
  });
}
