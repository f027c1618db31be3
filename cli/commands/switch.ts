import type { Pool } from '../../settings/pool.ts';
import { holderText, lockHolder } from '../deploy/lock.ts';
import { edgeStatus } from '../edge/control-state.ts';
import { poolStatus } from '../edge/pool-status.ts';
import { switchOver } from '../edge/switch-over.ts';
import { requireUp } from '../engine/choose.ts';
import type { Engine } from '../engine/engine.ts';
import type { Stack } from '../stack/stack.ts';
import { CommandError } from '../terminal/command-error.ts';
import { print, warning } from '../terminal/terminal.ts';

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
