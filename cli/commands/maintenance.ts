import { edgeStatus } from '../edge/control-state.ts';
import { recordLine } from '../edge/records.ts';
import { requireUp } from '../engine/choose.ts';
import type { Engine } from '../engine/engine.ts';
import type { Stack } from '../stack/stack.ts';
import { print } from '../terminal/terminal.ts';

/** Turns the maintenance page for visitors on or off. */
export async function maintenance(stack: Stack, engine: Engine, word: 'on' | 'off'): Promise<void> {
  await requireUp(engine);
  const on = word === 'on';
  if ((await edgeStatus(engine)).maintenance === on) {
    print(`maintenance is already ${word}`);
    return;
  }
  await engine.edge('maintenance', word, recordLine(stack, { kind: 'maintenance', on }));
  print(
    on
      ? 'visitors see the maintenance page; health checks and previews still reach the pools'
      : 'visitors are served again',
  );
}
