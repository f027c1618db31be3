import { request } from 'node:http';
import { type Pool, pools } from '../settings/pool.ts';
import type { Config } from './config.ts';
import type { AccessEvent } from './request/event.ts';
import { failedAt, failedUpstream } from './request/observe.ts';

/** What failed longer ago says nothing about now. */
const freshMs = 1_000;
const timeoutMs = 1_000;
/** Between two questions about one pool; the prober heeds no more. */
const paceMs = 100;

/**
 * Asks the prober to look at a pool at once when a request to it has failed, so that one that is broken is found in
 * milliseconds and not at its next health check. Failover never rests on it: where nobody listens, the checks go on as ever.
 */
export class EarlyChecks {
  readonly #prober: string;
  readonly #poolAt: ReadonlyMap<string, Pool>;
  readonly #asking = new Set<Pool>();

  /** @param prober its host and port */
  constructor(prober: string, addresses: Config['addresses']) {
    this.#prober = prober;
    this.#poolAt = new Map(pools.map((pool) => [addresses[pool], pool]));
  }

  /** Undefined: nobody says where the prober is. */
  static of({ proberAddress, addresses }: Config): EarlyChecks | undefined {
    return proberAddress === undefined ? undefined : new EarlyChecks(proberAddress, addresses);
  }

  readonly see = (event: AccessEvent): void => {
    if (!failedUpstream(event) || Date.now() - event.endMs > freshMs) return;
    for (const [index, { address }] of event.attempts.entries()) {
      const pool = failedAt(event, index) ? this.#poolAt.get(address) : undefined;
      if (pool !== undefined && !this.#asking.has(pool)) this.#ask(pool);
    }
  };

  #ask(pool: Pool): void {
    this.#asking.add(pool);
    const asked = request(`http://${this.#prober}/check/${pool}`, { method: 'POST', agent: false, timeout: timeoutMs });
    asked.on('response', (response) => response.resume());
    asked.on('timeout', () => asked.destroy());
    // The next failure asks again.
    asked.on('error', () => {});
    asked.on('close', () => setTimeout(() => this.#asking.delete(pool), paceMs).unref());
    asked.end();
  }
}
