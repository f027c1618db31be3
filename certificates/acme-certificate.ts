import type { Logger } from 'pino';
import type { AttemptsFile } from './attempts.ts';
import type { Failure } from './backoff.ts';
import type { Lego } from './lego.ts';
import { lifetimeOf, renewAtMs } from './lifetime.ts';
import type { LiveFile } from './live-file.ts';
import { isPlaceholder, type Pair } from './pair.ts';
import type { Look } from './reach.ts';
import type { Turns } from './turns.ts';

/** After so many looks at which something else answered, the CA is asked all the same: only it sees this machine from outside. */
const looksBeforeCa = 3;

export interface AcmeOptions {
  readonly lego: Lego;
  readonly attempts: AttemptsFile;
  readonly turns: Turns;
  /** Looks whether the edge serves challenges; undefined: nothing speaks against it. */
  readonly lookAtEdge: (domain: string) => Promise<Failure | undefined>;
  /** Looks whether the CA will find this stack at the domain, as far as that can be seen from here. */
  readonly lookAtDomain: (domain: string, look: Look) => Promise<Failure | undefined>;
  /** How often the CA is asked whether to renew earlier, by a lego that can. */
  readonly askEveryMs: number;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/** The certificate of one domain, from a CA: got, installed, renewed, and tried again after failures. */
export class AcmeCertificate {
  readonly #domain: string;
  readonly #live: LiveFile;
  readonly #options: AcmeOptions;
  #askAtMs: number;

  constructor(domain: string, live: LiveFile, options: AcmeOptions) {
    this.#domain = domain;
    this.#live = live;
    this.#options = options;
    // Not at the same time for all domains.
    this.#askAtMs = Date.now() + options.askEveryMs * Math.random();
  }

  /** Installs what lego has: it may have been issued just before this program or its machine was stopped. */
  adopt(): void {
    const stored = this.#options.lego.stored(this.#domain);
    if (stored === undefined || this.#isOutlived(stored) || !this.#live.install(stored)) return;
    const { notAfterMs } = lifetimeOf(stored.certificate);
    this.#options.log.info(
      { domain: this.#domain, until: new Date(notAfterMs).toISOString() },
      'certificate installed',
    );
  }

  /** When the CA must be asked for the next time. */
  async dueMs(): Promise<number> {
    const { lego, attempts } = this.#options;
    const failed = attempts.of(this.#domain);
    if (failed !== undefined) return failed.nextAttemptMs;
    const renewMs = this.renewAtMs();
    if (renewMs === undefined) return 0;
    return (await lego.asksWhenToRenew()) ? Math.min(renewMs, this.#askAtMs) : renewMs;
  }

  /** Undefined if there is no certificate from this CA yet. */
  renewAtMs(): number | undefined {
    const stored = this.#options.lego.stored(this.#domain);
    return stored && renewAtMs(lifetimeOf(stored.certificate));
  }

  /** Asks the CA if it is time. @throws the file system's error, if a certificate or the count of attempts cannot be written */
  async step(): Promise<void> {
    this.adopt();
    if ((await this.dueMs()) > Date.now()) return;
    await this.#options.turns.take(() => this.#attempt());
  }

  async #attempt(): Promise<void> {
    const { lego, attempts, signal, askEveryMs, log } = this.#options;
    if (signal.aborted) return;
    const domain = this.#domain;
    this.#askAtMs = Date.now() + askEveryMs;
    const isDue = (this.renewAtMs() ?? 0) <= Date.now();
    const failure = (await this.#lookFirst()) ?? (await lego.obtain(domain));
    if (signal.aborted) return;
    this.adopt();
    if (failure === undefined && isDue && (this.renewAtMs() ?? 0) <= Date.now())
      return this.#failed({ kind: 'refused', message: 'lego reports no error, but there is no new certificate' });
    if (failure === undefined) return attempts.succeeded(domain);
    // Nothing is late yet: the CA was only asked whether to renew earlier.
    if (!isDue && failure.kind !== 'refused') return log.info({ domain, ...failure }, 'not renewed early');
    this.#failed(failure);
  }

  async #lookFirst(): Promise<Failure | undefined> {
    const { attempts, lookAtEdge, lookAtDomain } = this.#options;
    const looks = attempts.of(this.#domain)?.localInRow ?? 0;
    const look = looks < looksBeforeCa ? 'answers' : 'addresses';
    return (await lookAtEdge(this.#domain)) ?? lookAtDomain(this.#domain, look);
  }

  #failed(failure: Failure): void {
    const { attempts, log } = this.#options;
    const { failures, nextAttemptMs } = attempts.failed(this.#domain, failure, Date.now());
    const next = new Date(nextAttemptMs).toISOString();
    log.warn({ domain: this.#domain, fault: failure.message, failures, next }, 'no certificate');
  }

  /** What lego has from an earlier time can be older than a certificate that came from elsewhere. */
  #isOutlived(stored: Pair): boolean {
    const live = this.#live.read();
    if (live === undefined || isPlaceholder(live.certificate)) return false;
    const isOver = (pair: Pair) => lifetimeOf(pair.certificate).notAfterMs <= Date.now();
    return isOver(stored) && !isOver(live);
  }
}
