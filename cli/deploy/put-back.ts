import { step } from '../steps.ts';
import { warning } from '../terminal.ts';
import { drain } from './drain.ts';
import { becomeHealthy } from './health-gate.ts';
import type { Run } from './run.ts';

/**
 * Puts back what the idle colour ran before, so that the standby is warm again.
 * @returns the release that is there again; undefined: none is, or nothing had been replaced
 */
export async function putBack(run: Run): Promise<string | undefined> {
  const { stack, engine, pool, gateMs, planned } = run;
  if (planned === undefined) return undefined;
  const { release, healthy } = run.start.idle;
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
    return release;
  } catch (error) {
    warning(`${pool} is not well: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

/** How things stand after that, in words. */
export function standing(run: Run, restored: string | undefined): string {
  if (run.planned === undefined) return 'Nothing was changed';
  const active = `${run.oldPool === 'blue' ? 'Blue' : 'Green'} (${run.start.active.release}) serves`;
  return restored === undefined
    ? `${active}; ${run.pool} is no standby now: see ./bluegreen status`
    : `${active}; ${run.pool} is back on ${restored}`;
}
