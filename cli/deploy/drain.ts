import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from '../../settings/pool.ts';
import type { Engine } from '../engine/engine.ts';
import { CommandError } from '../terminal/command-error.ts';
import type { Say } from '../terminal/steps.ts';

const pollMs = 250;

/**
 * Waits until no request to a pool is in flight, but at most for the time limit. Reaching the limit is not an error.
 * @returns the result, in words
 */
export async function drain(
  engine: Engine,
  pool: Pool,
  limitMs: number,
  { say, signal }: { readonly say: Say; readonly signal: AbortSignal },
): Promise<string> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const count = await inFlight(engine, pool);
    if (count === undefined) return 'this system does not show how many requests are in flight; not waiting';
    if (count === 0) return `no requests in flight to ${pool}`;
    const connections = count === 1 ? '1 connection' : `${count} connections`;
    if (Date.now() >= deadline)
      return `${connections} to ${pool} still open; the app finishes what it can before it stops`;
    say(`${connections} to ${pool}`);
    await delay(pollMs, undefined, { signal });
  }
}

async function inFlight(engine: Engine, pool: Pool): Promise<number | undefined> {
  try {
    return Number(await engine.edge('inflight', pool));
  } catch (error) {
    if (error instanceof CommandError) return undefined;
    throw error;
  }
}
