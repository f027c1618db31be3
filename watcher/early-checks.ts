import { request } from 'node:http';
import { type Pool, pools } from '../settings/pool.ts';
import type { Config } from './config.ts';
import type { AccessEvent } from './request/event.ts';
import { failedAt, failedUpstream } from './request/observe.ts';

/** An older failure says nothing about the present. */
const freshMs = 1_000;
const timeoutMs = 1_000;
/** The shortest time between two requests for one pool. The prober does not check more often. */
const minIntervalMs = 100;

/**
 * Asks the prober to check a pool at once when a request to it has failed, so that a broken pool is detected within
 * milliseconds instead of at its next health check. Failover does not depend on it: without an answer, the regular checks
 * still run.
 */
export class EarlyChecks {
  readonly #prober: string;
  readonly #poolAt: ReadonlyMap<string, Pool>;
  readonly #asking = new Set<Pool>();

  /** @param prober host and port of the prober */
  constructor(prober: string, addresses: Config['addresses']) {
    this.#prober = prober;
    this.#poolAt = new Map(pools.map((pool) => [addresses[pool], pool]));
  }

  /** Undefined if the prober's address is not configured. */
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
    // The next failed request asks again.
    asked.on('error', () => {});
    asked.on('close', () => setTimeout(() => this.#asking.delete(pool), minIntervalMs).unref());
    asked.end();
  }
}
