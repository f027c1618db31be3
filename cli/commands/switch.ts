import type { Pool } from '../../settings/pool.ts';
import { holderText, lockHolder } from '../deploy/lock.ts';
import { edgeStatus } from '../edge/control-state.ts';
import { patientPoolStatus, unhealthyReason } from '../edge/pool-status.ts';
import { switchOver } from '../edge/switch-over.ts';
import { requireUp } from '../engine/choose.ts';
import type { Engine } from '../engine/engine.ts';
import type { Stack } from '../stack/stack.ts';
import { CommandError } from '../terminal/command-error.ts';
import { print, warning } from '../terminal/terminal.ts';

/**
 * Makes a pool active; returns once the edge has been seen to follow.
 * @throws {CommandError} if a deploy is in progress or the pool is not healthy, unless forced
 */
export async function switchTo(stack: Stack, engine: Engine, target: Pool, options: { force: boolean }): Promise<void> {
  await requireUp(engine);
  const before = await edgeStatus(engine);
  if (before.active === target) {
    print(`${target} is already active`);
    return;
  }
  const holder = lockHolder(stack);
  if (holder?.alive) {
    refuseUnlessForced(`${holderText(holder)} is in progress`, {
      force: options.force,
      next: 'wait for it to finish, or use --force',
    });
  }
  const found = await patientPoolStatus(stack, target);
  if (!found.healthy || before.down[target]) {
    refuseUnlessForced(`${target} is not healthy (${unhealthyReason(found)}); ${before.active} stays active`, {
      force: options.force,
      next: `./bluegreen logs app_${target}, or ./bluegreen switch ${target} --force`,
    });
  }
  const tookMs = await switchOver(stack, engine, target, { reason: 'switch' });
  print(`${before.active} → ${target} in ${tookMs} ms`);
}

/**
 * Refuses an operation, or with --force only warns.
 * @throws {CommandError} unless forced
 */
export function refuseUnlessForced(
  reason: string,
  { force, next }: { readonly force: boolean; readonly next: string },
): void {
  if (!force) throw new CommandError(reason, { next });
  warning(`${reason}; continuing because of --force`);
}
