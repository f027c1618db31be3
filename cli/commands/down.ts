import { forgetDeadHolder, holderText, lockHolder } from '../deploy/lock.ts';
import type { Engine } from '../engine/engine.ts';
import type { Stack } from '../stack/stack.ts';
import { progress } from '../terminal/terminal.ts';
import { insist } from './switch.ts';

/** Stops the stack; what was decided (the active colour, the logs) stays unless volumes go too. */
export async function down(
  stack: Stack,
  engine: Engine,
  { volumes, force }: { volumes: boolean; force: boolean },
): Promise<void> {
  const holder = lockHolder(stack);
  if (holder?.alive) {
    insist(`${holderText(holder)} is going on`, { force, next: 'end it with Ctrl-C where it runs, or --force' });
  }
  progress(`stopping the stack${volumes ? ' and deleting its state' : ''}`);
  await engine.down({ volumes });
  forgetDeadHolder(stack);
}
