import { pools } from '../../settings/pool.ts';
import { holderText, lockHolder } from '../deploy/lock.ts';
import { type ControlState, controlState, edgeStatus } from '../edge/control-state.ts';
import { ask, isOk } from '../edge/http.ts';
import { poolStatus } from '../edge/pool-status.ts';
import { askThroughEdge } from '../edge/through-edge.ts';
import type { Engine } from '../engine/engine.ts';
import { directUrl, type Stack } from '../stack/stack.ts';
import { CommandError } from '../terminal/command-error.ts';
import { until } from '../until.ts';
import type { Hands } from './hands.ts';
import { emptyLogVolume, writableControl } from './rest.ts';

const calmDeadlineMs = 30_000;
const answersInARow = 10;

/** Undoes what a killed proof has left behind and no other command undoes. */
export async function tidy(hands: Hands): Promise<void> {
  await writableControl(hands);
  await emptyLogVolume(hands);
  for (const pool of pools) await hands.connect(pool);
}

/**
 * Checks that nothing is in progress that a proof would disturb, or that would disturb it.
 * @throws {CommandError} otherwise; the message lists all reasons
 */
export async function requireCalm(stack: Stack, engine: Engine): Promise<ControlState> {
  const control = await controlState(engine);
  const { edge } = control;
  const faults: string[] = [];
  for (const pool of pools) {
    const { healthy, health } = await poolStatus(stack, pool);
    if (!healthy) faults.push(`${pool} is not healthy (${health})`);
    else if (edge.down[pool]) faults.push(`${pool} is marked down by its health checks`);
  }
  for (const { name, state, detail } of await engine.services()) {
    if (state !== 'running') faults.push(`${name} is ${state} (${detail})`);
  }
  if (edge.maintenance) faults.push('visitors see the maintenance page');
  if (control.canaryPercent > 0) faults.push(`a canary of ${control.canaryPercent}% is on`);
  if (control.muted !== undefined || stack.settings.MAINTENANCE_MODE) faults.push('alerts are held back');
  const holder = lockHolder(stack);
  if (holder?.alive) faults.push(`${holderText(holder)} is in progress`);
  if (faults.length === 0) return control;
  throw new CommandError(`not started, nothing was broken:\n${faults.map((fault) => `  ${fault}`).join('\n')}`, {
    next: './bluegreen status',
  });
}

/**
 * Returns once the last scenario has left no trace: both pools are up, and the active one answers.
 * @throws {CommandError} if that takes longer than 30 s
 */
export async function untilCalm(stack: Stack, engine: Engine): Promise<void> {
  const isCalm = await until(calmDeadlineMs, async () => {
    const { down, active, guarded } = await edgeStatus(engine);
    if (down.blue || down.green || !guarded) return false;
    for (let count = 0; count < answersInARow; count++) {
      const { served, answeredBy = active } = await askThroughEdge(stack);
      if (!served || answeredBy !== active) return false;
    }
    return true;
  });
  if (!isCalm) throw new CommandError('the stack does not become healthy again', { next: './bluegreen status' });
}

/** Whether both pools run the demo app with chaos enabled. */
export async function runsDemo(stack: Stack): Promise<boolean> {
  const answers = await Promise.all(
    pools.map((pool) => ask(`${directUrl(stack, pool)}/chaos/stop`, { method: 'POST' })),
  );
  return answers.every((answer) => isOk(answer) && answer.body.includes('Simulation stopped'));
}
