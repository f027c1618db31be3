import { otherPool } from '../../settings/pool.ts';
import { holderText, lockHolder } from '../deploy/lock.ts';
import { sharePercent } from '../deploy/options.ts';
import { controlState } from '../edge/control-state.ts';
import { poolStatus } from '../edge/pool-status.ts';
import { recordLine } from '../edge/records.ts';
import { requireUp } from '../engine/choose.ts';
import type { Engine } from '../engine/engine.ts';
import type { Stack } from '../stack/stack.ts';
import { print } from '../terminal/terminal.ts';
import { insist } from './switch.ts';

/** Sends a share of the visitors to the idle colour, or nobody any more. */
export async function canary(
  stack: Stack,
  engine: Engine,
  share: string,
  { force }: { force: boolean },
): Promise<void> {
  const percent = share === 'off' ? 0 : sharePercent('canary', share);
  await requireUp(engine);
  const { edge, canaryPercent } = await controlState(engine);
  if (percent === canaryPercent) {
    print(percent === 0 ? 'there is no canary' : `the canary is at ${percent}% already`);
    return;
  }
  const holder = lockHolder(stack);
  if (holder?.alive) insist(`${holderText(holder)} is going on`, { force, next: 'wait for it, or --force' });
  const pool = otherPool(edge.active);
  const { release, healthy, health } = await poolStatus(stack, pool);
  if (percent > 0 && (!healthy || edge.down[pool])) {
    insist(`${pool} is not healthy (${healthy ? 'marked down by its health checks' : health})`, {
      force,
      next: `./bluegreen logs app_${pool}, or --force`,
    });
  }
  await engine.edge(
    'canary',
    percent === 0 ? 'off' : String(percent),
    recordLine(stack, { kind: 'canary', percent, pool, release }),
  );
  print(
    percent === 0
      ? `the canary is off: everybody is on ${edge.active}`
      : `${percent}% of the visitors → ${pool} (${release})`,
  );
}
