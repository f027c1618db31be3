import { recordLine } from '../edge/records.ts';
import { bake, bakedText, duringCanary } from './bake.ts';
import { readCounters } from './counters.ts';
import { GateFailure } from './gates.ts';
import type { Run } from './run.ts';

/**
 * Sends a rising share of visitors to the release, and monitors it at each step.
 * @throws {GateFailure} if the release fails; the canary is still on
 */
export async function canary(run: Run): Promise<void> {
  const { stack, engine, pool, oldPool, signal, options } = run;
  for (const percent of options.canarySteps) {
    const name = `canary ${percent}%`;
    await run.at(name, async (say) => {
      const begin = await readCounters(stack);
      run.canaryIsOn = true;
      run.wasUsed = true;
      await setCanary(run, percent);
      const { bakeMs: forMs, maxErrorPercent } = options;
      const baseline = duringCanary(begin, pool);
      const baked = await bake(
        stack,
        engine,
        pool,
        { forMs, maxErrorPercent, active: oldPool, baseline },
        { say, signal },
      );
      // A switch ends the canary.
      if (baked.overtaken) run.canaryIsOn = false;
      if (baked.overtaken) throw new GateFailure(name, `${pool} was made active by hand`);
      if (baked.breach !== undefined) throw new GateFailure(name, baked.breach);
      return bakedText(baked);
    });
  }
}

export async function endCanary(run: Run, why: string, didBadly: boolean): Promise<void> {
  if (!run.canaryIsOn) return;
  await setCanary(run, 0, { why: why.slice(0, 900), didBadly });
  run.canaryIsOn = false;
}

async function setCanary(
  { stack, engine, identity }: Run,
  percent: number,
  end: { readonly why?: string | undefined; readonly didBadly?: boolean | undefined } = {},
): Promise<void> {
  const record = recordLine(stack, { kind: 'canary', percent, ...identity, ...end });
  await engine.edge('canary', percent === 0 ? 'off' : String(percent), record);
}
