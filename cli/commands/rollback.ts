import type { JournalRecord } from '../../journal/record.ts';
import { otherPool, type Pool } from '../../settings/pool.ts';
import { hookEnvironment, runLateHook } from '../deploy/hooks.ts';
import { holderText, lockHolder } from '../deploy/lock.ts';
import { controlState } from '../edge/control-state.ts';
import { poolStatus } from '../edge/pool-status.ts';
import { switchOver } from '../edge/switch-over.ts';
import { requireUp } from '../engine/choose.ts';
import type { Engine } from '../engine/engine.ts';
import type { Stack } from '../stack/stack.ts';
import { print } from '../terminal/terminal.ts';
import { insist } from './switch.ts';

/** Back to the colour that was active before, which is still running. */
export async function rollback(stack: Stack, engine: Engine, { force }: { force: boolean }): Promise<void> {
  await requireUp(engine);
  const { edge, journal } = await controlState(engine);
  const from = edge.active;
  const to = otherPool(from);
  const holder = lockHolder(stack);
  // A deploy that watches its release notices that somebody was faster.
  if (holder?.alive && !holder.switched) {
    insist(`${holderText(holder)} is going on, and ${from} is still active`, { force, next: 'end it with Ctrl-C' });
  }
  const [next, before] = await Promise.all([poolStatus(stack, to), poolStatus(stack, from)]);
  const untried = untriedReleases(journal, to);
  const running = [next.reported, next.planned].find((release) => release !== undefined && untried.has(release));
  if (running !== undefined) {
    insist(`${to} runs ${running}, which was never active: there is nothing to go back to`, {
      force,
      next: `./bluegreen switch ${to}, if that is what you want`,
    });
  }
  if (!next.healthy || edge.down[to]) {
    const health = next.healthy ? 'marked down by its health checks' : next.health;
    insist(`${to} is not healthy (${health}); ${from} stays active`, {
      force,
      next: `./bluegreen logs app_${to}, or ./bluegreen rollback --force`,
    });
  }
  const tookMs = await switchOver(stack, engine, to, { reason: 'rollback' });
  print(`rolled back: ${from} (${before.release}) → ${to} (${next.release}) in ${tookMs} ms`);
  const rollout = { pool: to, release: next.release, previousPool: from, previousRelease: before.release };
  await runLateHook(stack, 'post-rollback', hookEnvironment(stack, engine, rollout));
}

/** What deploys have brought to a pool, or were about to, that has not been active since. */
function untriedReleases(journal: readonly JournalRecord[], pool: Pool): ReadonlySet<string> {
  const untried = new Set<string>();
  for (const record of journal) {
    if (record.kind === 'switch' && record.to === pool) untried.clear();
    if (record.kind !== 'deploy-started' || record.pool !== pool) continue;
    // One that is made anew under the name it had is as tried as it was.
    if (record.release !== record.replaces) untried.add(record.release);
  }
  return untried;
}
