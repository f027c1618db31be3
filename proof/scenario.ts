import { setTimeout as delay } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { Pool } from '../settings/pool.ts';
import { lookupAs } from '../system/lookup.ts';
import { type LoadOptions, type Sample, startLoad } from './failover-load.ts';
import { startHttp2Load } from './failover-load-http2.ts';
import type { Fault } from './faults.ts';
import { nowMs } from './load/sample.ts';
import { isHttp2 } from './load/site.ts';
import { type NextAnswer, type Outcome, outcomeOf } from './outcome.ts';

export interface ScenarioOptions extends LoadOptions {
  readonly active: Pool;
  readonly faultMs: number;
}

const baselineMs = 3000;
const calmMs = 1500;
const recoveryDeadlineMs = 30_000;
const checkEveryMs = 20;

/**
 * Breaks the active pool under load and repairs it.
 * @throws if the active pool does not serve before the fault, or if the fault cannot be injected or repaired
 */
export async function runScenario(fault: Fault, options: ScenarioOptions): Promise<Outcome> {
  const { active, faultMs } = options;
  await untilServedBy(active, options);

  const load = isHttp2(options.site) ? startHttp2Load(options) : startLoad(options);
  await delay(baselineMs);
  const brokenAt = nowMs();
  await fault.inject(active);
  const injectedAt = nowMs();
  const next = fault.lasting ? await oneRequest(options) : undefined;
  await delay(Math.max(0, injectedAt + faultMs - nowMs()));
  const repairingAt = nowMs();
  await fault.repair(active);
  await untilSettledOn(active, load.samples, nowMs());
  await load.stop();
  return outcomeOf(load.samples, fault, { brokenAt, injectedAt, repairingAt }, active, next);
}

/** On a connection of its own. */
async function oneRequest({ site, path }: ScenarioOptions): Promise<NextAnswer | undefined> {
  const lookup = site.address === undefined ? {} : { lookup: lookupAs(site.address) };
  const dispatcher = new Agent({ connect: { ...lookup, rejectUnauthorized: false } });
  try {
    const { statusCode, headers, body } = await request(site.url + path, { headersTimeout: 10_000, dispatcher });
    await body.dump();
    return { status: statusCode, pool: String(headers['x-app-pool']) };
  } catch {
    return undefined;
  } finally {
    void dispatcher.close();
  }
}

/** Waits until the effects of the last scenario are gone and the pool has answered ten requests in a row. */
async function untilServedBy(pool: Pool, options: ScenarioOptions): Promise<void> {
  const deadline = nowMs() + recoveryDeadlineMs;
  let inARow = 0;
  while (inARow < 10) {
    if (nowMs() > deadline)
      throw new Error(`${pool} does not serve ${options.site.url}; is the stack up, and ${pool} active?`);
    const answer = await oneRequest(options);
    inARow = answer?.status === 200 && answer.pool === pool ? inARow + 1 : 0;
    await delay(checkEveryMs);
  }
}

/** Waits until only the active pool has answered for 1.5 s, for at most 30 s. */
async function untilSettledOn(active: Pool, samples: readonly Sample[], since: number): Promise<void> {
  const settled = () => {
    const now = nowMs();
    const recent = samples.slice(-2000).filter(({ endedAt }) => endedAt > Math.max(since, now - calmMs));
    return now - since > calmMs && recent.length > 0 && recent.every(({ pool }) => pool === active);
  };
  while (!settled() && nowMs() < since + recoveryDeadlineMs) await delay(checkEveryMs);
}
