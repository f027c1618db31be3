import { otherPool, type Pool } from '../../settings/pool.ts';
import { type ControlState, controlState } from '../edge/control-state.ts';
import { type PoolStatus, poolStatus } from '../edge/pool-status.ts';
import { type Engine, isWell } from '../engine/engine.ts';
import { freeDiskText, hasFreeDisk } from '../stack/disk.ts';
import type { Stack } from '../stack/stack.ts';
import { CommandError } from '../terminal/command-error.ts';
import { type Counters, readCounters } from './counters.ts';

/** How things stand before anything is done. */
export interface Start {
  readonly active: PoolStatus;
  readonly standby: PoolStatus;
  readonly control: ControlState;
  readonly counters: Counters | undefined;
}

/**
 * Looks whether a deploy can be begun, and tells all that is against it at once.
 * @throws {CommandError} when something is
 */
export async function preflight(stack: Stack, engine: Engine): Promise<Start> {
  const [control, services, counters] = await Promise.all([
    controlState(engine),
    engine.services(),
    readCounters(stack),
  ]);
  const { edge } = control;
  const [active, standby] = await Promise.all([
    poolStatus(stack, edge.active),
    poolStatus(stack, otherPool(edge.active)),
  ]);
  const faults: string[] = [];
  if (!active.healthy) faults.push(`${active.pool} is active but not healthy (${active.health})`);
  if (edge.down[edge.active]) faults.push(`${active.pool} is active but marked down by its health checks`);
  for (const name of ['health_prober', 'alert_watcher'] as const) {
    const service = services.find((one) => one.name === name);
    if (service !== undefined && isWell(service)) continue;
    faults.push(`${name} is not well (${service?.state}, ${service?.detail}), so nobody would notice a failure`);
  }
  if (counters === undefined) faults.push('alert_watcher does not answer, so the new release could not be watched');
  if (control.canaryPercent > 0) {
    faults.push(`a canary of ${control.canaryPercent}% is on; end it with ./bluegreen canary off`);
  }
  if (!hasFreeDisk(stack)) faults.push(`${freeDiskText(stack)}; expected 1 GiB or more`);
  faults.push(...overridden(stack, standby.pool));
  if (faults.length === 0) return { active, standby, control, counters };
  throw new CommandError(`not begun, nothing was changed:\n${faults.map((fault) => `  ${fault}`).join('\n')}`, {
    next: './bluegreen status',
  });
}

/** What the shell says counts for more than the env file, for Compose too: the release would not be what it says there. */
function overridden({ shell }: Stack, pool: Pool): string[] {
  return variablesOf(pool)
    .filter((name) => shell[name])
    .map((name) => `${name} is set in the environment, which counts for more than the env file; unset it`);
}

/** What says in the env file what a pool runs. */
export function variablesOf(pool: Pool) {
  return pool === 'blue'
    ? (['RELEASE_ID_BLUE', 'BLUE_IMAGE'] as const)
    : (['RELEASE_ID_GREEN', 'GREEN_IMAGE'] as const);
}
