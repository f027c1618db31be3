import type { Pool } from '../../settings/pool.ts';
import { requireUp } from '../choose-engine.ts';
import { CommandError } from '../command-error.ts';
import { edgeStatus } from '../edge-status.ts';
import type { Engine } from '../engine.ts';
import { poolStatus } from '../pool-status.ts';
import type { Stack } from '../stack.ts';
import { print, warning } from '../terminal.ts';

/** Makes a colour the active one; returns when the edge has been seen to follow. */
export async function switchTo(stack: Stack, engine: Engine, target: Pool, options: { force: boolean }): Promise<void> {
  await requireUp(engine);
  const before = await edgeStatus(engine);
  if (before.active === target) {
    print(`${target} is already active`);
    return;
  }
  const { healthy, health } = await poolStatus(stack, target);
  if (!healthy || before.down[target]) {
    const fault = `${target} is not healthy (${healthy ? 'marked down by its health checks' : health})`;
    if (!options.force) {
      throw new CommandError(`${fault}; ${before.active} stays active`, {
        next: `./bluegreen logs app_${target}, or ./bluegreen switch ${target} --force`,
      });
    }
    warning(`${fault}; switching all the same`);
  }
  const startedAt = performance.now();
  await engine.edge('switch', target);
  print(`${before.active} → ${target} in ${Math.round(performance.now() - startedAt)} ms`);
}
