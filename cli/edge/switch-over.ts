import type { RecordOf } from '../../journal/record.ts';
import { otherPool, type Pool } from '../../settings/pool.ts';
import type { Engine } from '../engine/engine.ts';
import type { Stack } from '../stack/stack.ts';
import { messageOf, progress, warning } from '../terminal/terminal.ts';
import { edgeStatus } from './control-state.ts';
import { poolStatus } from './pool-status.ts';
import { recordLine } from './records.ts';

type Reason = Pick<RecordOf<'switch'>, 'reason' | 'deploy' | 'why' | 'bake'>;

/**
 * Makes a pool active and waits until the edge follows.
 * @returns the time it took, in milliseconds
 */
export async function switchOver(stack: Stack, engine: Engine, to: Pool, reason: Reason): Promise<number> {
  const from = otherPool(to);
  const [next, before] = await Promise.all([poolStatus(stack, to), poolStatus(stack, from)]);
  const record = recordLine(stack, {
    kind: 'switch',
    from,
    to,
    release: next.release,
    replaced: before.release,
    ...reason,
  });
  const startedAt = performance.now();
  const output = await engine.edge('switch', to, record);
  if (output !== '') progress(output);
  return Math.round(performance.now() - startedAt);
}

/**
 * Switches, even if the edge does not confirm it in time but reports the pool as active.
 * @returns the time it took, in milliseconds; undefined if the edge did not confirm the switch in time
 * @throws if the edge still reports the other pool as active
 */
export async function switchUnconfirmed(
  stack: Stack,
  engine: Engine,
  to: Pool,
  reason: Reason,
): Promise<number | undefined> {
  try {
    return await switchOver(stack, engine, to, reason);
  } catch (error) {
    const active = (await edgeStatus(engine).catch(() => undefined))?.active;
    if (active !== to) throw error;
    warning(messageOf(error));
    return undefined;
  }
}

/** Such as " in 12 ms", or nothing if the time is not known. */
export function inTime(tookMs: number | undefined): string {
  return tookMs === undefined ? '' : ` in ${tookMs} ms`;
}
