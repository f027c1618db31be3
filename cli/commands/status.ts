import { requireUp } from '../choose-engine.ts';
import type { Engine } from '../engine.ts';
import { look } from '../report/look.ts';
import { reportOf } from '../report/report.ts';
import { statusText } from '../report/status-text.ts';
import type { Stack } from '../stack.ts';
import { print } from '../terminal.ts';

/** What serves, what stands by, and whether anything is wrong. */
export async function status(stack: Stack, engine: Engine, options: { json: boolean }): Promise<void> {
  await requireUp(engine);
  const report = reportOf(stack, engine, await look(stack, engine));
  print(options.json ? JSON.stringify(report, undefined, 2) : statusText(report));
}
