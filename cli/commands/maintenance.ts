import { edgeStatus } from '../edge/control-state.ts';
import { recordLine } from '../edge/records.ts';
import { requireUp } from '../engine/choose.ts';
import type { Engine } from '../engine/engine.ts';
import type { Stack } from '../stack/stack.ts';
import { print } from '../terminal/terminal.ts';

/** Answers visitors with the maintenance page, or no longer. */
export async function maintenance(stack: Stack, engine: Engine, word: 'on' | 'off'): Promise<void> {
  await requireUp(engine);
  const on = word === 'on';
  if ((await edgeStatus(engine)).maintenance === on) {
    print(`maintenance is ${word} already`);
    return;
  }
  await engine.edge('maintenance', word, recordLine(stack, { kind: 'maintenance', on }));
  print(on ? 'visitors see the maintenance page; health checks and previews go through' : 'visitors are served again');
}
