import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from '../../settings/pool.ts';
import { CommandError } from '../command-error.ts';
import type { Engine } from '../engine.ts';
import type { Say } from '../steps.ts';

const intervalMs = 250;

/** Waits until no request is on its way to a pool, but not for ever. In words, what came of it. */
export async function drain(
  engine: Engine,
  pool: Pool,
  limitMs: number,
  { say, signal }: { readonly say: Say; readonly signal: AbortSignal },
): Promise<string> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const count = await inFlight(engine, pool);
    if (count === undefined) return 'this system does not show how many requests are on their way; not waiting';
    if (count === 0) return `no request is on its way to ${pool}`;
    const connections = count === 1 ? '1 connection' : `${count} connections`;
    if (Date.now() >= deadline) return `${connections} to ${pool} still open; the app gets to finish what it can`;
    say(`${connections} to ${pool}`);
    await delay(intervalMs, undefined, { signal });
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
