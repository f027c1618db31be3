import { inTime } from '../edge/switch-over.ts';
import { CommandError } from '../terminal/command-error.ts';
import { attempt, messageOf, warning } from '../terminal/terminal.ts';
import { type Baked, bakedText } from './bake.ts';
import { canary, endCanary } from './canary.ts';
import { GateFailure } from './gates.ts';
import { monitor, rollBack } from './monitor.ts';
import { putBack } from './put-back.ts';
import { isInterruption, type Run } from './run.ts';
import { check, stage } from './stage.ts';
import { switchTraffic } from './switch-traffic.ts';

/**
 * Deploys a release to the standby and, if it passes every gate, switches traffic to it. Until the switch the active pool is
 * not touched; a failure before it puts the old release back on the standby.
 * @returns the result, in words
 * @throws {CommandError} if the release did not become active, or did not stay active
 */
export async function deployRelease(run: Run): Promise<string> {
  let tookMs: number | undefined;
  try {
    await stage(run);
    await check(run);
    if (!run.options.switchOver) return await readyOnStandby(run);
    await run.hook('pre-switch');
    await canary(run);
    tookMs = await switchTraffic(run);
  } catch (error) {
    throw await failed(run, error);
  }
  let baked: Baked | undefined;
  try {
    if (run.options.bakeMs > 0 && !run.signal.aborted) baked = await monitor(run);
  } catch (error) {
    throw await notMonitored(run, error);
  }
  if (baked?.breach !== undefined) throw await rollBack(run, baked, baked.breach);
  return finished(run, tookMs, baked);
}

async function readyOnStandby(run: Run): Promise<string> {
  const { pool, start, options } = run;
  await run.recordEnd({ kind: 'deploy-finished', ...run.identity, switched: false, tookMs: run.tookMs });
  return `${options.release} is ready on ${pool} (${start.standby.url}); ./bluegreen switch ${pool} makes it active`;
}

/** Restores the standby after a failure before the switch; the active pool was not touched. */
async function failed(run: Run, error: unknown): Promise<unknown> {
  const isKnown = error instanceof GateFailure || error instanceof CommandError || isInterruption(error);
  if (!isKnown) warning('this is a bug in bluegreen; restoring the previous release');
  const why = isInterruption(error) ? 'interrupted' : messageOf(error);
  const { step, pool } = run;
  if (error instanceof GateFailure) await run.showLog();
  await attempt('the canary may still be on (./bluegreen canary off ends it)', () =>
    endCanary(run, why, error instanceof GateFailure),
  );
  const { restored, standing, stillActive } = await putBack(run);
  await run.recordFailure(why, { rolledBack: false, restored, noWayBack: stillActive });
  if (!isKnown) return error;
  const next = error instanceof CommandError ? error.next : undefined;
  return new CommandError(`deploy of ${run.options.release} failed at ${step}: ${why}\n${standing}`, {
    next: next ?? `fix it and deploy again; logs: ./bluegreen logs app_${pool}`,
    cause: error,
  });
}

/** The release is active, and its bake could not be finished. */
async function notMonitored(run: Run, error: unknown): Promise<unknown> {
  const { pool, options } = run;
  const why = messageOf(error);
  await run.recordFailure(why, { rolledBack: false, noWayBack: 'it is no longer monitored' });
  if (!(error instanceof CommandError)) return error;
  return new CommandError(`${options.release} is active on ${pool}, but could not be monitored: ${why}`, {
    next: './bluegreen status, or ./bluegreen rollback',
    cause: error,
  });
}

async function finished(run: Run, tookMs: number | undefined, baked: Baked | undefined): Promise<string> {
  const { pool, oldPool, options, start } = run;
  if (baked?.overtaken) {
    const why = `${oldPool} was made active by hand`;
    // The release is healthy, and is the standby now.
    await run.recordFailure(why, { rolledBack: true, restored: options.release });
    throw new CommandError(`${why} during the bake of ${options.release}`, { next: './bluegreen status' });
  }
  const bake = baked && { lastedMs: baked.lastedMs, requests: baked.requests, failed: baked.failed };
  const record = { kind: 'deploy-finished', ...run.identity, switched: true, tookMs: run.tookMs } as const;
  await run.recordEnd({ ...record, bake });
  await run.forgetImage(run.planned?.imageBefore);
  const active = `${options.release} is active on ${pool}${tookMs === undefined ? '' : `, switched${inTime(tookMs)}`}`;
  if (baked !== undefined) return `${active}; ${bakedText(baked)}`;
  if (options.bakeMs === 0) return `${active}; ./bluegreen rollback returns to ${start.active.release}`;
  throw new CommandError(`${active}, but its bake was interrupted`, {
    next: './bluegreen status, or ./bluegreen rollback',
  });
}
