import { otherPool, type Pool } from '../../settings/pool.ts';
import { type ControlState, controlState } from '../edge/control-state.ts';
import { type PoolStatus, patientPoolStatus, poolStatus, unhealthyReason } from '../edge/pool-status.ts';
import { type Engine, isHealthy } from '../engine/engine.ts';
import { freeDiskText, hasFreeDisk } from '../stack/disk.ts';
import type { Stack } from '../stack/stack.ts';
import { CommandError } from '../terminal/command-error.ts';
import { type Counters, readCounters } from './counters.ts';

/** The state of the stack before the deploy changes anything. */
export interface Start {
  readonly active: PoolStatus;
  readonly standby: PoolStatus;
  readonly control: ControlState;
  readonly counters: Counters | undefined;
}

/**
 * Checks whether a deploy can start.
 * @throws {CommandError} if it cannot; the message lists all reasons
 */
export async function preflight(stack: Stack, engine: Engine): Promise<Start> {
  const [control, services, counters] = await Promise.all([
    controlState(engine),
    engine.services(),
    readCounters(stack).then((found) => found ?? readCounters(stack)),
  ]);
  const { edge } = control;
  const [active, standby] = await Promise.all([
    patientPoolStatus(stack, edge.active),
    poolStatus(stack, otherPool(edge.active)),
  ]);
  const faults: string[] = [];
  if (!active.healthy) faults.push(`${active.pool} is active but not healthy (${unhealthyReason(active)})`);
  if (edge.down[edge.active]) faults.push(`${active.pool} is active but marked down by its health checks`);
  for (const name of ['health_prober', 'alert_watcher'] as const) {
    const service = services.find((one) => one.name === name);
    if (service !== undefined && isHealthy(service)) continue;
    faults.push(`${name} is not healthy (${service?.state}, ${service?.detail}), so a failure would go unnoticed`);
  }
  if (counters === undefined) faults.push('alert_watcher does not answer, so the new release could not be monitored');
  if (control.canaryPercent > 0) {
    faults.push(`a canary of ${control.canaryPercent}% is on; end it with ./bluegreen canary off`);
  }
  if (!hasFreeDisk(stack)) faults.push(`${freeDiskText(stack)}; expected 1 GiB or more`);
  faults.push(...overridden(stack, standby.pool));
  if (faults.length === 0) return { active, standby, control, counters };
  throw new CommandError(`preflight failed, nothing was changed:\n${faults.map((fault) => `  ${fault}`).join('\n')}`, {
    next: './bluegreen status',
  });
}

/** Variables set in the shell override the env file, for Compose as well: the pool would not run what the env file says. */
function overridden({ shell }: Stack, pool: Pool): string[] {
  return variablesOf(pool)
    .filter((name) => shell[name])
    .map((name) => `${name} is set in the environment, which overrides the env file; unset it`);
}

/** Names of the variables that define what a pool runs: its release and its image. */
export function variablesOf(pool: Pool) {
  return pool === 'blue'
    ? (['RELEASE_ID_BLUE', 'BLUE_IMAGE'] as const)
    : (['RELEASE_ID_GREEN', 'GREEN_IMAGE'] as const);
}
