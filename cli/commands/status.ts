import { requireUp } from '../choose-engine.ts';
import type { Engine } from '../engine.ts';
import { look } from '../report/look.ts';
import { reportOf } from '../report/report.ts';
import { statusText } from '../report/status-text.ts';
import type { Stack } from '../stack.ts';
import { print, printJson } from '../terminal.ts';

/** What serves, what stands by, and whether anything is wrong; false: the edge cannot be reached, so that not all is known. */
export async function status(stack: Stack, engine: Engine, options: { json: boolean }): Promise<boolean> {
  await requireUp(engine);
  const report = reportOf(stack, engine, await look(stack, engine));
  if (options.json) printJson(report);
  else print(statusText(report));
  return report.edge !== undefined;
}
