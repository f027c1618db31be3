import type { Pool } from '../../settings/pool.ts';
import { requireUp } from '../choose-engine.ts';
import { CommandError } from '../command-error.ts';
import { edgeStatus } from '../control-state.ts';
import { holderText, lockHolder } from '../deploy/lock.ts';
import type { Engine } from '../engine.ts';
import { poolStatus } from '../pool-status.ts';
import type { Stack } from '../stack.ts';
import { switchOver } from '../switch-over.ts';
import { print, warning } from '../terminal.ts';

/** Makes a colour the active one; returns when the edge has been seen to follow. */
export async function switchTo(stack: Stack, engine: Engine, target: Pool, options: { force: boolean }): Promise<void> {
  await requireUp(engine);
  const before = await edgeStatus(engine);
  if (before.active === target) {
    print(`${target} is already active`);
    return;
  }
  const holder = lockHolder(stack);
  if (holder?.alive) {
    insist(`${holderText(holder)} is going on`, { force: options.force, next: `wait for it, or --force` });
  }
  const { healthy, health } = await poolStatus(stack, target);
  if (!healthy || before.down[target]) {
    insist(
      `${target} is not healthy (${healthy ? 'marked down by its health checks' : health}); ${before.active} stays active`,
      {
        force: options.force,
        next: `./bluegreen logs app_${target}, or ./bluegreen switch ${target} --force`,
      },
    );
  }
  const tookMs = await switchOver(stack, engine, target, { reason: 'switch' });
  print(`${before.active} → ${target} in ${tookMs} ms`);
}

/** Refuses, unless the operator has said that it is to be done all the same. */
export function insist(fault: string, { force, next }: { readonly force: boolean; readonly next: string }): void {
  if (!force) throw new CommandError(fault, { next });
  warning(`${fault}; going on all the same`);
}
