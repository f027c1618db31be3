import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import type { Pool } from '../settings/pool.ts';
import { type LoadOptions, type Sample, startLoad } from './failover-load.ts';
import type { Fault } from './faults.ts';
import { nowMs } from './load/sample.ts';
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
  const { active, faultMs, url } = options;
  await untilServedBy(active, url);

  const load = startLoad(options);
  await delay(baselineMs);
  const brokenAt = nowMs();
  await fault.inject(active);
  const injectedAt = nowMs();
  const next = fault.lasting ? await oneRequest(url) : undefined;
  await delay(Math.max(0, injectedAt + faultMs - nowMs()));
  const repairingAt = nowMs();
  await fault.repair(active);
  await untilSettledOn(active, load.samples, nowMs());
  await load.stop();
  return outcomeOf(load.samples, fault, { brokenAt, injectedAt, repairingAt }, active, next);
}

async function oneRequest(url: string): Promise<NextAnswer | undefined> {
  try {
    const { statusCode, headers, body } = await request(url, { headersTimeout: 10_000 });
    await body.dump();
    return { status: statusCode, pool: String(headers['x-app-pool']) };
  } catch {
    return undefined;
  }
}

/** Waits until the effects of the last scenario are gone and the pool has answered ten requests in a row. */
async function untilServedBy(pool: Pool, url: string): Promise<void> {
  const deadline = nowMs() + recoveryDeadlineMs;
  let inARow = 0;
  while (inARow < 10) {
    if (nowMs() > deadline) throw new Error(`${pool} does not serve ${url}; is the stack up, and ${pool} active?`);
    const answer = await oneRequest(url);
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
