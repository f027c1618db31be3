import { requireUp } from '../choose-engine.ts';
import { edgeStatus } from '../control-state.ts';
import type { Engine } from '../engine.ts';
import { recordLine } from '../records.ts';
import type { Stack } from '../stack.ts';
import { print } from '../terminal.ts';

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
