import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { replaceFile } from '../system/replace-file.ts';
import { type Backoff, type Failure, pauseMs } from './backoff.ts';

const count = z.number().int().nonnegative();

const attempt = z.object({
  /** Failed attempts in a row. */
  failures: count,
  /** How many of them were of each kind. */
  counts: z.object({ refused: count, unreachable: count, local: count }),
  /** How many of them, up to the last one, were local. */
  localInRow: count,
  lastError: z.string(),
  nextAttemptMs: z.number().nonnegative(),
});

const contents = z.object({
  /** The CA and the challenge that the attempts were made with: others are not held back by them. */
  with: z.string(),
  domains: z.record(z.string(), attempt),
});

/** The failed attempts for a domain. */
export type Attempts = z.output<typeof attempt>;

const longestError = 1_500;

/** The failed attempts for each domain, in a file, because the CA counts them over our restarts as well. */
export class AttemptsFile {
  readonly path: string;
  readonly #with: string;
  readonly #backoff: Backoff;
  readonly #domains: Map<string, Attempts>;

  /** A file that cannot be read counts as empty. */
  constructor(tlsDirectory: string, options: { readonly with: string; readonly backoff: Backoff }) {
    this.path = join(tlsDirectory, 'attempts.json');
    this.#with = options.with;
    this.#backoff = options.backoff;
    this.#domains = new Map(Object.entries(load(this.path, options.with)));
  }

  /** Undefined if the last attempt did not fail. */
  of(domain: string): Attempts | undefined {
    return this.#domains.get(domain);
  }

  /** @throws the file system's error */
  failed(domain: string, failure: Failure, nowMs: number): Attempts {
    const { kind, message, retryAtMs = 0 } = failure;
    const before = this.of(domain);
    const counts = { refused: 0, unreachable: 0, local: 0, ...before?.counts };
    // Each kind has its own: a CA that was down for a day does not make its first refusal one for half a day.
    counts[kind] += 1;
    const attempts = {
      failures: (before?.failures ?? 0) + 1,
      counts,
      localInRow: kind === 'local' ? (before?.localInRow ?? 0) + 1 : 0,
      lastError: message.slice(0, longestError),
      nextAttemptMs: Math.max(nowMs + pauseMs(this.#backoff[kind], counts[kind]), retryAtMs),
    };
    this.#domains.set(domain, attempts);
    this.#save();
    return attempts;
  }

  /** @throws the file system's error */
  succeeded(domain: string): void {
    if (this.#domains.delete(domain)) this.#save();
  }

  #save(): void {
    const body: z.input<typeof contents> = { with: this.#with, domains: Object.fromEntries(this.#domains) };
    replaceFile(this.path, `${JSON.stringify(body, undefined, 2)}\n`, 0o600);
  }
}

function load(path: string, wanted: string): Readonly<Record<string, Attempts>> {
  try {
    const found = contents.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    return found.data?.with === wanted ? found.data.domains : {};
  } catch {
    return {};
  }
}
