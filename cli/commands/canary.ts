import { otherPool } from '../../settings/pool.ts';
import { holderText, lockHolder } from '../deploy/lock.ts';
import { sharePercent } from '../deploy/options.ts';
import { controlState } from '../edge/control-state.ts';
import { poolStatus, unhealthyReason } from '../edge/pool-status.ts';
import { recordLine } from '../edge/records.ts';
import { requireUp } from '../engine/choose.ts';
import type { Engine } from '../engine/engine.ts';
import type { Stack } from '../stack/stack.ts';
import { print } from '../terminal/terminal.ts';
import { refuseUnlessForced } from './switch.ts';

/**
 * Sends a share of visitors to the standby; `off` ends the canary.
 * @throws {CommandError} if a deploy is in progress or the standby is not healthy, unless forced
 */
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
    print(percent === 0 ? 'no canary is on' : `the canary is already at ${percent}%`);
    return;
  }
  const holder = lockHolder(stack);
  if (holder?.alive)
    refuseUnlessForced(`${holderText(holder)} is in progress`, {
      force,
      next: 'wait for it to finish, or use --force',
    });
  const pool = otherPool(edge.active);
  const found = await poolStatus(stack, pool);
  if (percent > 0 && (!found.healthy || edge.down[pool])) {
    refuseUnlessForced(`${pool} is not healthy (${unhealthyReason(found)})`, {
      force,
      next: `./bluegreen logs app_${pool}, or use --force`,
    });
  }
  await engine.edge(
    'canary',
    percent === 0 ? 'off' : String(percent),
    recordLine(stack, { kind: 'canary', percent, pool, release: found.release }),
  );
  print(
    percent === 0
      ? `the canary is off: all visitors are sent to ${edge.active}`
      : `${percent}% of the visitors → ${pool} (${found.release})`,
  );
}
