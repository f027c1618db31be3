import { setTimeout as delay } from 'node:timers/promises';
import { type Logger, pino } from 'pino';
import { errorCode } from '../system/error-code.ts';
import { startProgram } from '../system/program.ts';
import { type Config, readConfig } from './config.ts';
import { prepareDirectories } from './directories.ts';
import { type Keeper, keepersOf } from './keeper.ts';
import { LiveFile } from './live-file.ts';
import { defaults, lookFor, type Options } from './options.ts';
import { needsPlaceholder } from './pair.ts';
import { entryOf, writeReport } from './report-file.ts';

/** The clock can be set, and a machine can sleep: nothing is waited for longer. */
const longestWaitMs = 60_000;
const shortestWaitMs = 50;

export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly log: Logger;
}

/**
 * Keeps a certificate for each domain where the edge reads it, and a report where the watcher reads it.
 * @returns a function that stops it, and lego with it
 */
export function startCertificates(config: Config, options: Options, { env, log }: Surroundings): () => Promise<void> {
  const stopped = new AbortController();
  const { signal } = stopped;
  const lives = new Map(config.domains.map((domain) => [domain, new LiveFile(config.tlsDirectory, domain)]));
  /** Why the files of a domain cannot be written. */
  const faults = new Map<string, string>();
  let reporting: NodeJS.Timeout | undefined;
  prepareDirectories(config, Date.now());
  const keepers = keepersOf(config, options, { lives, env, signal, log });
  // The edge gets something for each domain before anybody is asked for anything.
  const begun = Promise.all(keepers.map((keeper) => attempt(keeper, async () => keeper.begin()))).then(() => {
    report();
    reporting = setInterval(report, options.reportEveryMs);
  });
  const loops = keepers.map(async (keeper) => {
    await begun;
    while (!signal.aborted) {
      let dueMs = Date.now() + longestWaitMs;
      await attempt(keeper, async () => {
        dueMs = await keeper.step();
      });
      report();
      const waitMs = Math.max(shortestWaitMs, Math.min(dueMs - Date.now(), longestWaitMs));
      await delay(waitMs, undefined, { signal }).catch(() => undefined);
    }
  });
  log.info({ domains: config.domains, source: config.source }, 'keeping certificates');

  /** A full disk may have room again later. Meanwhile the edge keeps the certificates that it has. */
  async function attempt(keeper: Keeper, task: () => Promise<void>): Promise<void> {
    try {
      await task();
      for (const domain of keeper.domains) {
        await ensureCertificate(domain);
        faults.delete(domain);
      }
    } catch (error) {
      const fault = error instanceof Error ? error.message : String(error);
      log.error({ domains: keeper.domains, code: errorCode(error), fault }, 'certificates cannot be kept');
      for (const domain of keeper.domains) faults.set(domain, fault);
    }
  }

  /** Without a file, the edge could not even make a connection. */
  async function ensureCertificate(domain: string): Promise<void> {
    const live = lives.get(domain);
    if (live === undefined || !needsPlaceholder(live.read(), Date.now())) return;
    // Loaded only now, because it takes as much memory as all the rest and is rarely needed.
    const { makePlaceholder } = await import('./placeholder.ts');
    live.install(await makePlaceholder(domain, Date.now()));
    log.info({ domain }, 'self-signed certificate installed');
  }

  function report(): void {
    if (signal.aborted) return;
    const entries = keepers.flatMap((keeper) =>
      keeper.domains.flatMap((domain) => {
        const live = lives.get(domain);
        const fault = faults.get(domain);
        const progress = keeper.progress(domain);
        const entry = live && entryOf(domain, live, fault === undefined ? progress : { ...progress, error: fault });
        return entry === undefined ? [] : [entry];
      }),
    );
    try {
      writeReport(config.publicDirectory, entries, Date.now());
    } catch (error) {
      log.error({ code: errorCode(error) }, 'the report cannot be written');
    }
  }

  return async () => {
    log.info('stopping');
    stopped.abort();
    await Promise.all(loops);
    clearInterval(reporting);
  };
}

if (import.meta.main) {
  startProgram('certificates', () => {
    const config = readConfig();
    const log = pino({ base: { service: 'certificates' } });
    const look = config.source.kind === 'acme' ? lookFor(config.source) : undefined;
    return startCertificates(config, { ...defaults, look }, { env: process.env, log });
  });
}
