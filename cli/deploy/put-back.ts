import type { Pool } from '../../settings/pool.ts';
import { edgeStatus } from '../edge/control-state.ts';
import type { Engine } from '../engine/engine.ts';
import { step } from '../terminal/steps.ts';
import { messageOf, warning } from '../terminal/terminal.ts';
import { until } from '../until.ts';
import { becomeHealthy, drain } from './gates.ts';
import type { Run } from './run.ts';

/** Nginx that was ended is there again sooner than this. */
const edgeDeadlineMs = 5_000;

export interface PutBack {
  /** The release that is on the idle colour again; undefined: none is, or nothing had been replaced. */
  readonly restored: string | undefined;
  /** Why the release stays live; undefined: it is not live. */
  readonly stillLive?: string;
  /** How things stand now, in words. */
  readonly standing: string;
}

/**
 * Puts back what the idle colour ran before, so that the standby is warm again. A colour that somebody has made active
 * meanwhile has visitors, and is left alone.
 */
export async function putBack(run: Run): Promise<PutBack> {
  const { stack, engine, pool, oldPool, gateMs, planned, options } = run;
  if (planned === undefined) return { restored: undefined, standing: 'Nothing was changed' };
  const active = await activePool(engine);
  if (active !== oldPool) {
    const standing =
      active === undefined
        ? `The edge does not say who is active, so ${pool} was left as it is, on ${options.release}: see ./bluegreen status`
        : `${colour(pool)} (${options.release}) is active now and was left as it is`;
    const stillLive = active === pool ? { stillLive: `${colour(pool)} was left as it is` } : {};
    return { restored: undefined, standing, ...stillLive };
  }
  const { release, healthy } = run.start.standby;
  const serves = `${colour(oldPool)} (${run.start.active.release}) serves`;
  // From here on only a second Ctrl-C stops it.
  const { signal } = new AbortController();
  try {
    await step(`put ${release} back onto ${pool}`, async (say) => {
      planned.undo();
      if (run.wasUsed) await drain(engine, pool, run.drainMs, { say, signal });
      await engine.replace(pool, { unused: !run.wasUsed });
      await run.forgetImage(run.image);
      if (!healthy) return 'which was not healthy before either';
      return await becomeHealthy(stack, engine, pool, gateMs, { say, signal });
    });
    return { restored: release, standing: `${serves}; ${pool} is back on ${release}` };
  } catch (error) {
    warning(`${pool} is not well: ${messageOf(error)}`);
    return { restored: undefined, standing: `${serves}; ${pool} is no standby now: see ./bluegreen status` };
  }
}

/** Undefined: the edge has not said so for a while. */
async function activePool(engine: Engine): Promise<Pool | undefined> {
  let active: Pool | undefined;
  await until(edgeDeadlineMs, async () => {
    active = (await edgeStatus(engine).catch(() => undefined))?.active;
    return active !== undefined;
  });
  return active;
}

function colour(pool: Pool): string {
  return pool === 'blue' ? 'Blue' : 'Green';
}
