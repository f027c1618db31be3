import { forgetDeadHolder, holderText, lockHolder } from '../deploy/lock.ts';
import type { Engine } from '../engine/engine.ts';
import type { Stack } from '../stack/stack.ts';
import { progress } from '../terminal/terminal.ts';
import { refuseUnlessForced } from './switch.ts';

/**
 * Stops the stack. Its state (the active pool, the journal, the logs) stays, unless `volumes` is set.
 * @throws {CommandError} if a deploy is in progress, unless forced
 */
export async function down(
  stack: Stack,
  engine: Engine,
  { volumes, force }: { volumes: boolean; force: boolean },
): Promise<void> {
  const holder = lockHolder(stack);
  if (holder?.alive) {
    refuseUnlessForced(`${holderText(holder)} is in progress`, {
      force,
      next: 'stop it with Ctrl-C in its terminal, or use --force',
    });
  }
  progress(`stopping the stack${volumes ? ' and deleting its state' : ''}`);
  await engine.down({ volumes });
  forgetDeadHolder(stack);
}
