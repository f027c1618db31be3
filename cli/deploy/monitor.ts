import { duration } from '../../report/figures.ts';
import { edgeStatus } from '../edge/control-state.ts';
import { patientPoolStatus, unhealthyReason } from '../edge/pool-status.ts';
import { inTime, switchUnconfirmed } from '../edge/switch-over.ts';
import { CommandError } from '../terminal/command-error.ts';
import { messageOf, progress, styledForStderr } from '../terminal/terminal.ts';
import { type Baked, bake, bakedText, untilSwitch } from './bake.ts';
import { readCounters } from './counters.ts';
import { GateFailure } from './gates.ts';
import { runLateHook } from './hooks.ts';
import { putBack } from './put-back.ts';
import { isInterruption, type Run } from './run.ts';

/**
 * Bakes the release after the switch.
 * @returns undefined if Ctrl-C interrupted the bake
 */
export async function monitor(run: Run): Promise<Baked | undefined> {
  const { stack, engine, pool, signal, options } = run;
  const baseline = untilSwitch(run.start.counters, await readCounters(stack), pool);
  const { bakeMs: forMs, maxErrorPercent } = options;
  let baked: Baked | undefined;
  try {
    await run.at('bake', async (say) => {
      baked = await bake(stack, engine, pool, { forMs, maxErrorPercent, active: pool, baseline }, { say, signal });
      if (baked.breach !== undefined) throw new GateFailure('bake', baked.breach);
      return bakedText(baked);
    });
  } catch (error) {
    if (!(error instanceof GateFailure) && !isInterruption(error)) throw error;
  }
  return baked;
}

/**
 * Rolls back to the old release, unless its pool is not healthy.
 * @returns the error that ends the command
 */
export async function rollBack(run: Run, baked: Baked, why: string): Promise<CommandError> {
  const { lastedMs, requests, failed } = baked;
  const { stack, engine, pool, oldPool, options } = run;
  await run.showLog();
  const [edge, found] = await Promise.all([
    edgeStatus(engine).catch(() => undefined),
    patientPoolStatus(stack, oldPool),
  ]);
  const stays = async (noWayBack: string) => {
    await run.recordFailure(why, { rolledBack: false, noWayBack });
    return new CommandError(
      `${options.release} failed its bake on ${pool}: ${why}\nNot rolled back: ${noWayBack}, so ${pool} stays active`,
      { next: `./bluegreen logs app_${oldPool}; ./bluegreen rollback once it is healthy` },
    );
  };
  if (edge?.down[oldPool] || !found.healthy) {
    return stays(`${oldPool} is not healthy either (${unhealthyReason(found)})`);
  }
  let tookMs: number | undefined;
  try {
    const bake = { lastedMs, requests, failed };
    tookMs = await switchUnconfirmed(stack, engine, oldPool, { reason: 'bake', deploy: run.id, why, bake });
  } catch (error) {
    return stays(messageOf(error));
  }
  run.lock.at('rolled back', { switched: false });
  progress(styledForStderr('yellow', `rolled back automatically: ${pool} → ${oldPool}${inTime(tookMs)}: ${why}`));
  await runLateHook(stack, 'post-rollback', run.hookEnvironment());
  const { restored, standing } = await putBack(run);
  await run.recordFailure(why, { rolledBack: true, restored });
  return new CommandError(`${options.release} was rolled back after ${duration(lastedMs)}: ${why}\n${standing}`, {
    next: 'fix it and deploy again',
  });
}
