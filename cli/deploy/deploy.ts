import { inTime } from '../edge/switch-over.ts';
import { CommandError } from '../terminal/command-error.ts';
import { attempt, messageOf, warning } from '../terminal/terminal.ts';
import { type Baked, bakedText } from './bake.ts';
import { canary, endCanary } from './canary.ts';
import { GateFailure } from './gates.ts';
import { putBack } from './put-back.ts';
import { isInterruption, type Run } from './run.ts';
import { check, stage } from './stage.ts';
import { takeOver } from './take-over.ts';
import { rollBack, watchOver } from './watch-over.ts';

/**
 * Brings one release to the idle colour and, if all is well, to the visitors. Until the switch the active colour is not
 * touched; whatever fails before it ends with the old release back on the idle colour.
 * @returns what came of it, in words
 * @throws {CommandError} when the release did not get there, or did not stay
 */
export async function deployRelease(run: Run): Promise<string> {
  let tookMs: number | undefined;
  try {
    await stage(run);
    await check(run);
    if (!run.options.switchOver) return await waitsThere(run);
    await run.hook('pre-switch');
    await canary(run);
    tookMs = await takeOver(run);
  } catch (error) {
    throw await failed(run, error);
  }
  let baked: Baked | undefined;
  try {
    if (run.options.bakeMs > 0 && !run.signal.aborted) baked = await watchOver(run);
  } catch (error) {
    throw await notWatched(run, error);
  }
  if (baked?.breach !== undefined) throw await rollBack(run, baked, baked.breach);
  return finished(run, tookMs, baked);
}

async function waitsThere(run: Run): Promise<string> {
  const { pool, start, options } = run;
  await run.recordEnd({ kind: 'deploy-finished', ...run.what, switched: false, tookMs: run.tookMs });
  return `${options.release} waits on ${pool} (${start.standby.url}); ./bluegreen switch ${pool} makes it active`;
}

/** Nobody's request was in danger; the standby is to be warm again. */
async function failed(run: Run, error: unknown): Promise<unknown> {
  const isKnown = error instanceof GateFailure || error instanceof CommandError || isInterruption(error);
  if (!isKnown) warning('this is a fault of the kit; putting things back');
  const why = isInterruption(error) ? 'stopped by hand' : messageOf(error);
  const { step, pool } = run;
  if (error instanceof GateFailure) await run.showLog();
  await attempt('the canary may be on still, ./bluegreen canary off ends it', () =>
    endCanary(run, why, error instanceof GateFailure),
  );
  const { restored, standing, stillLive } = await putBack(run);
  await run.recordFailure(why, { rolledBack: false, restored, noWayBack: stillLive });
  if (!isKnown) return error;
  const next = error instanceof CommandError ? error.next : undefined;
  return new CommandError(`${run.options.release} was not deployed; ${step}: ${why}\n${standing}`, {
    next: next ?? `mend it and deploy again; ./bluegreen logs app_${pool}`,
    cause: error,
  });
}

/** It is live, and nobody knows how it does. */
async function notWatched(run: Run, error: unknown): Promise<unknown> {
  const { pool, options } = run;
  const why = messageOf(error);
  await run.recordFailure(why, { rolledBack: false, noWayBack: 'Nobody watches it any more' });
  if (!(error instanceof CommandError)) return error;
  return new CommandError(`${options.release} is active on ${pool}, but could not be watched: ${why}`, {
    next: './bluegreen status, or rollback',
    cause: error,
  });
}

async function finished(run: Run, tookMs: number | undefined, baked: Baked | undefined): Promise<string> {
  const { pool, oldPool, options, start } = run;
  if (baked?.overtaken) {
    const why = `${oldPool} was made active by hand`;
    // It is healthy, and the standby now.
    await run.recordFailure(why, { rolledBack: true, restored: options.release });
    throw new CommandError(`${why} while ${options.release} was watched`, { next: './bluegreen status' });
  }
  const bake = baked && { lastedMs: baked.lastedMs, requests: baked.requests, failed: baked.failed };
  const record = { kind: 'deploy-finished', ...run.what, switched: true, tookMs: run.tookMs } as const;
  await run.recordEnd({ ...record, bake });
  await run.forgetImage(run.planned?.imageBefore);
  const active = `${options.release} is active on ${pool}${tookMs === undefined ? '' : `, switched${inTime(tookMs)}`}`;
  if (baked !== undefined) return `${active}; ${bakedText(baked)}`;
  if (options.bakeMs === 0) return `${active}; ./bluegreen rollback goes back to ${start.active.release}`;
  throw new CommandError(`${active}, but it was not watched to the end`, { next: './bluegreen status, or rollback' });
}
