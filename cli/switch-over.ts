import type { RecordOf } from '../journal/record.ts';
import { otherPool, type Pool } from '../settings/pool.ts';
import type { Engine } from './engine.ts';
import { poolStatus } from './pool-status.ts';
import { recordLine } from './records.ts';
import type { Stack } from './stack.ts';
import { progress } from './terminal.ts';

type Reason = Pick<RecordOf<'switch'>, 'reason' | 'deploy' | 'why' | 'bake'>;

/** Makes a pool the active one and returns when the edge has been seen to follow: after so many milliseconds. */
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
  const said = await engine.edge('switch', to, record);
  if (said !== '') progress(said);
  return Math.round(performance.now() - startedAt);
}
