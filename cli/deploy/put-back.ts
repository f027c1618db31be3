import { capital } from '../../report/text.ts';
import type { Pool } from '../../settings/pool.ts';
import { edgeStatus } from '../edge/control-state.ts';
import type { Engine } from '../engine/engine.ts';
import { step } from '../terminal/steps.ts';
import { messageOf, warning } from '../terminal/terminal.ts';
import { until } from '../until.ts';
import { drain } from './drain.ts';
import { becomeHealthy } from './gates.ts';
import type { Run } from './run.ts';

/** Longer than nginx takes to restart. */
const edgeDeadlineMs = 5_000;

export interface PutBack {
  /** The release that is back on the standby; undefined if none is, or if nothing had been replaced. */
  readonly restored: string | undefined;
  /** Why the new release stays active; undefined if it is not active. */
  readonly stillActive?: string;
  /** The resulting state, in words. */
  readonly standing: string;
}

/**
 * Puts the old release back on the standby. If an operator has made that pool active in the meantime, it serves visitors and
 * is left alone. Never throws; a failure is in `standing`.
 */
export async function putBack(run: Run): Promise<PutBack> {
  const { stack, engine, pool, oldPool, gateMs, planned, options } = run;
  if (planned === undefined) return { restored: undefined, standing: 'Nothing was changed' };
  const active = await activePool(engine);
  if (active !== oldPool) {
    const standing =
      active === undefined
        ? `The edge does not report which pool is active, so ${pool} was left on ${options.release}; see ./bluegreen status`
        : `${capital(pool)} (${options.release}) is active now and was left as it is`;
    const stillActive = active === pool ? { stillActive: `${pool} was left as it is` } : {};
    return { restored: undefined, standing, ...stillActive };
  }
  const { release, healthy } = run.start.standby;
  const serves = `${capital(oldPool)} (${run.start.active.release}) serves`;
  // Not run.signal: from here on, only a second Ctrl-C stops the deploy.
  const { signal } = new AbortController();
  try {
    await step(`restore ${release} on ${pool}`, async (say) => {
      planned.undo();
      if (run.wasUsed) await drain(engine, pool, run.drainMs, { say, signal });
      await engine.replace(pool, { unused: !run.wasUsed });
      await run.forgetImage(run.image);
      if (!healthy) return `${pool} was not healthy before, so its health is not checked`;
      return await becomeHealthy(stack, engine, pool, gateMs, { say, signal });
    });
    return { restored: release, standing: `${serves}; ${pool} is back on ${release}` };
  } catch (error) {
    warning(`${pool} is not healthy: ${messageOf(error)}`);
    return { restored: undefined, standing: `${serves}, without a standby; see ./bluegreen status` };
  }
}

/** Undefined if the edge has not answered within 5 s. */
async function activePool(engine: Engine): Promise<Pool | undefined> {
  let active: Pool | undefined;
  await until(edgeDeadlineMs, async () => {
    active = (await edgeStatus(engine).catch(() => undefined))?.active;
    return active !== undefined;
  });
  return active;
}
