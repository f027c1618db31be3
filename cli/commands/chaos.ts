import type { Pool } from '../../settings/pool.ts';
import type { ChaosMode } from '../arguments.ts';
import { ask, isOk } from '../edge/http.ts';
import { requireUp } from '../engine/choose.ts';
import { appOf, type Engine } from '../engine/engine.ts';
import { directUrl, type Stack } from '../stack/stack.ts';
import { CommandError } from '../terminal/command-error.ts';
import { print } from '../terminal/terminal.ts';

/**
 * Breaks a pool on purpose, or repairs it.
 * @throws {CommandError} if the app cannot break itself in this way
 */
export async function chaos(stack: Stack, engine: Engine, pool: Pool, mode: ChaosMode): Promise<void> {
  await requireUp(engine);
  switch (mode) {
    case 'shutdown':
    case 'kill':
    case 'freeze':
      await engine.inject(appOf(pool), mode);
      break;
    case 'stop':
      await engine.repair(appOf(pool));
      await requestChaos(stack, pool, 'stop', { mayBeMissing: true });
      break;
    default:
      await requestChaos(stack, pool, `start?mode=${mode}`, { mayBeMissing: false });
  }
  print(mode === 'stop' ? `${pool} is repaired` : `${pool}: ${mode}`);
}

async function requestChaos(
  stack: Stack,
  pool: Pool,
  what: string,
  { mayBeMissing }: { mayBeMissing: boolean },
): Promise<void> {
  const answer = await ask(`${directUrl(stack, pool)}/chaos/${what}`, { method: 'POST' });
  if (isOk(answer) || mayBeMissing) return;
  const reason = answer.status === 0 ? 'does not answer' : `returned ${answer.status} for /chaos/${what}`;
  throw new CommandError(
    `app_${pool} ${reason}: only the demo app can break itself, and only with CHAOS_ENABLED=true`,
    {
      next: `./bluegreen chaos ${pool} kill (or shutdown, or freeze), which works with any app`,
    },
  );
}
