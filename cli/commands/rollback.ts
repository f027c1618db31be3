import type { JournalRecord } from '../../journal/record.ts';
import { otherPool, type Pool } from '../../settings/pool.ts';
import { hookEnvironment, runLateHook } from '../deploy/hooks.ts';
import { holderText, lockHolder } from '../deploy/lock.ts';
import { controlState } from '../edge/control-state.ts';
import { poolStatus, unhealthyReason } from '../edge/pool-status.ts';
import { switchOver } from '../edge/switch-over.ts';
import { requireUp } from '../engine/choose.ts';
import type { Engine } from '../engine/engine.ts';
import type { Stack } from '../stack/stack.ts';
import { print } from '../terminal/terminal.ts';
import { refuseUnlessForced } from './switch.ts';

/**
 * Switches back to the other pool, which still runs the previous release.
 * @throws {CommandError} if that pool is not healthy, runs a release that was never active, or if a deploy is in progress and
 * has not switched yet, unless forced
 */
export async function rollback(stack: Stack, engine: Engine, { force }: { force: boolean }): Promise<void> {
  await requireUp(engine);
  const { edge, journal } = await controlState(engine);
  const from = edge.active;
  const to = otherPool(from);
  const holder = lockHolder(stack);
  // A deploy that is baking its release notices the rollback, and ends.
  if (holder?.alive && !holder.switched) {
    refuseUnlessForced(`${holderText(holder)} is in progress, and ${from} is still active`, {
      force,
      next: 'stop it with Ctrl-C',
    });
  }
  const [next, before] = await Promise.all([poolStatus(stack, to), poolStatus(stack, from)]);
  const untried = untriedReleases(journal, to);
  const running = [next.reported, next.planned].find((release) => release !== undefined && untried.has(release));
  if (running !== undefined) {
    refuseUnlessForced(`${to} runs ${running}, which was never active: there is nothing to roll back to`, {
      force,
      next: `./bluegreen switch ${to}, if that is what you want`,
    });
  }
  if (!next.healthy || edge.down[to]) {
    refuseUnlessForced(`${to} is not healthy (${unhealthyReason(next)}); ${from} stays active`, {
      force,
      next: `./bluegreen logs app_${to}, or ./bluegreen rollback --force`,
    });
  }
  const tookMs = await switchOver(stack, engine, to, { reason: 'rollback' });
  print(`rolled back: ${from} (${before.release}) → ${to} (${next.release}) in ${tookMs} ms`);
  const context = { pool: to, release: next.release, previousPool: from, previousRelease: before.release };
  await runLateHook(stack, 'post-rollback', hookEnvironment(stack, engine, context));
}

/** Releases that deploys have put on a pool, or were about to, and that have not been active since. */
function untriedReleases(journal: readonly JournalRecord[], pool: Pool): ReadonlySet<string> {
  const untried = new Set<string>();
  for (const record of journal) {
    if (record.kind === 'switch' && record.to === pool) untried.clear();
    if (record.kind !== 'deploy-started' || record.pool !== pool) continue;
    // Deploying a release again under the same name does not make it untried.
    if (record.release !== record.replaces) untried.add(record.release);
  }
  return untried;
}
