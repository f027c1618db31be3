import { requireUp } from '../engine/choose.ts';
import type { Engine } from '../engine/engine.ts';
import type { Stack } from '../stack/stack.ts';
import { look } from '../status/look.ts';
import { reportOf } from '../status/report.ts';
import { statusText } from '../status/status-text.ts';
import { print, printJson } from '../terminal/terminal.ts';

/** Prints the state of the stack and any problems. False if the edge cannot be reached, so that the state is incomplete. */
export async function status(stack: Stack, engine: Engine, options: { json: boolean }): Promise<boolean> {
  await requireUp(engine);
  const report = reportOf(stack, engine, await look(stack, engine));
  if (options.json) printJson(report);
  else print(statusText(report));
  return report.edge !== undefined;
}
