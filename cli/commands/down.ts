import { forgetDeadHolder } from '../deploy/lock.ts';
import type { Engine } from '../engine.ts';
import type { Stack } from '../stack.ts';
import { progress } from '../terminal.ts';

/** Stops the stack; what was decided (the active colour, the logs) stays unless volumes go too. */
export async function down(stack: Stack, engine: Engine, options: { volumes: boolean }): Promise<void> {
  progress(`stopping the stack${options.volumes ? ' and deleting its state' : ''}`);
  await engine.down(options);
  forgetDeadHolder(stack);
}
