import { otherPool, type Pool } from '../../settings/pool.ts';
import { CommandError } from '../terminal/command-error.ts';
import { until } from '../until.ts';
import { appOf } from './engine.ts';

const upDeadlineMs = 60_000;
/** The health checks notice within half a second that a pool is gone, so this long without a flag means that it is up. */
const steadyMs = 1_500;

/** How an engine brings its pools to new settings. */
export interface Pools {
  active(): Promise<Pool>;
  /** Returns whether the pool was restarted. */
  renew(pool: Pool): Promise<boolean>;
  /** Whether the health checks have found it down. */
  isDown(pool: Pool): Promise<boolean>;
  /** How long a pool may take to come up, in milliseconds. */
  readonly deadlineMs?: number;
}

/**
 * Renews the standby first, and the active pool once the standby is up, so that one of them always serves.
 * @throws {CommandError} if the standby does not come up; the active pool stays as it was
 */
export async function inTurn({ active, renew, isDown, deadlineMs = upDeadlineMs }: Pools): Promise<void> {
  const first = otherPool(await active());
  for (const pool of [first, otherPool(first)]) {
    if (!(await renew(pool))) continue;
    let upSinceMs = Date.now();
    const isUp = await until(deadlineMs, async () => {
      if (await isDown(pool)) upSinceMs = Date.now();
      return Date.now() - upSinceMs >= steadyMs;
    });
    if (isUp || pool !== first) continue;
    throw new CommandError(
      `${appOf(pool)} does not become healthy with the new settings; ${appOf(otherPool(pool))} keeps the old ones`,
      {
        next: `./bluegreen logs ${appOf(pool)}`,
      },
    );
  }
}
