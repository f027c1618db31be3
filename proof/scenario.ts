import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import { otherPool, type Pool } from '../settings/pool.ts';
import type { Fault } from './faults.ts';
import { type LoadOptions, type Sample, startLoad } from './load.ts';

export interface ScenarioOptions extends LoadOptions {
  readonly active: Pool;
  readonly faultMs: number;
}

/** What one scenario showed. Times in milliseconds. */
export interface Outcome {
  readonly name: string;
  readonly requests: number;
  readonly failed: number;
  readonly from: Readonly<Record<Pool, number>>;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** From the fault to the first answer of the standby. */
  readonly failoverMs: number | undefined;
  /** From the healing to the first answer of the active pool. */
  readonly recoveryMs: number | undefined;
  /** What was not as it must be; empty: proved. */
  readonly faults: readonly string[];
}

const baselineMs = 3000;
const calmMs = 1500;
const recoveryDeadlineMs = 30_000;
const checkEveryMs = 20;
const leastStandbyShare = 0.95;

/** Breaks the active pool under load and heals it again. */
export async function runScenario(fault: Fault, options: ScenarioOptions): Promise<Outcome> {
  const { active, faultMs, url } = options;
  const standby = otherPool(active);
  await untilServedBy(active, url);

  const load = startLoad(options);
  await delay(baselineMs);
  const brokenAt = Date.now();
  const baseline = load.samples.slice();

  await fault.inject(active);
  const injectedAt = Date.now();
  const next = fault.lasting ? await oneRequest(url) : undefined;
  await delay(Math.max(0, injectedAt + faultMs - Date.now()));
  const healedAt = Date.now();
  const whileBroken = load.samples.filter(({ endedAt }) => endedAt > injectedAt);

  await fault.heal(active);
  const healed = Date.now();
  await untilSettledOn(active, load.samples, healed);
  await load.stop();

  const firstFrom = (pool: Pool, since: number) =>
    load.samples.find((sample) => sample.endedAt > since && sample.pool === pool)?.endedAt;
  const after = (moment: number | undefined, since: number) => (moment === undefined ? undefined : moment - since);
  const failoverMs = after(firstFrom(standby, brokenAt), brokenAt);
  const recoveryMs = after(
    firstFrom(active, fault.lasting ? healedAt : brokenAt + (failoverMs ?? 0)),
    fault.lasting ? healed : brokenAt,
  );
  const failures = load.samples.filter(({ failure }) => failure !== undefined);
  const latencies = load.samples.map(({ tookMs }) => tookMs).sort((a, b) => a - b);

  return {
    name: fault.name,
    requests: load.samples.length,
    failed: failures.length,
    from: { blue: count(load.samples, 'blue'), green: count(load.samples, 'green') },
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    maxMs: quantile(latencies, 1),
    failoverMs,
    recoveryMs,
    faults: [
      ...baselineFaults(baseline, active),
      ...failures.slice(0, 3).map(({ failure }) => `a request failed: ${failure}`),
      ...(fault.lasting ? lastingFaults(next, whileBroken, standby) : []),
      ...(recoveryMs === undefined ? [`traffic did not return to ${active}`] : []),
    ],
  };
}

function baselineFaults(baseline: readonly Sample[], active: Pool): string[] {
  const wrong = baseline.filter(({ pool }) => pool !== active).length;
  const release = baseline[0]?.release;
  const unnamed = baseline.filter((sample) => sample.release === undefined || sample.release !== release).length;
  return [
    ...(baseline.length === 0 ? ['no request was answered before the fault'] : []),
    ...(wrong > 0 ? [`before the fault, ${wrong} requests did not come from ${active}`] : []),
    ...(unnamed > 0 ? [`before the fault, ${unnamed} answers had no X-Release-Id or another one`] : []),
  ];
}

function lastingFaults(next: NextAnswer | undefined, whileBroken: readonly Sample[], standby: Pool): string[] {
  const share = count(whileBroken, standby) / Math.max(1, whileBroken.length);
  const told = `the next request was answered ${next?.status ?? 'by nobody'} by ${next?.pool ?? 'nobody'}`;
  return [
    ...(next?.status === 200 && next.pool === standby ? [] : [told]),
    ...(share >= leastStandbyShare
      ? []
      : [`only ${(share * 100).toFixed(1)}% came from ${standby} while it was broken`]),
  ];
}

interface NextAnswer {
  readonly status: number;
  readonly pool: string | undefined;
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

/** The last scenario's marks have gone and the pool serves. */
async function untilServedBy(pool: Pool, url: string): Promise<void> {
  const deadline = Date.now() + recoveryDeadlineMs;
  let inARow = 0;
  while (inARow < 10) {
    if (Date.now() > deadline)
      throw new Error(`${pool} does not serve ${url}; is the stack up, and ${pool} the active colour?`);
    const answer = await oneRequest(url);
    inARow = answer?.status === 200 && answer.pool === pool ? inARow + 1 : 0;
    await delay(checkEveryMs);
  }
}

/** Traffic is back and nothing but the active pool has answered for a while, or the deadline has passed. */
async function untilSettledOn(active: Pool, samples: readonly Sample[], since: number): Promise<void> {
  const settled = () => {
    const now = Date.now();
    const recent = samples.slice(-2000).filter(({ endedAt }) => endedAt > Math.max(since, now - calmMs));
    return now - since > calmMs && recent.length > 0 && recent.every(({ pool }) => pool === active);
  };
  while (!settled() && Date.now() < since + recoveryDeadlineMs) await delay(checkEveryMs);
}

function count(samples: readonly Sample[], pool: Pool): number {
  return samples.filter((sample) => sample.pool === pool && sample.failure === undefined).length;
}

/** Of values in ascending order, by the nearest rank. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
