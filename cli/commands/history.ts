import { readJournal } from '../../journal/record.ts';
import { duration, utcTime } from '../../report/figures.ts';
import { historyOf } from '../edge/history.ts';
import { requireUp } from '../engine/choose.ts';
import type { Engine } from '../engine/engine.ts';
import { print, printJson, table } from '../terminal/terminal.ts';

/** Prints the last operations from the journal: what was deployed, switched and rolled back, by whom, and how it ended. */
export async function history(engine: Engine, options: { json: boolean; lines: number }): Promise<void> {
  await requireUp(engine);
  const { records } = readJournal(await engine.edge('journal'));
  const entries = historyOf(records).slice(-options.lines);
  if (options.json) {
    printJson(entries);
    return;
  }
  if (entries.length === 0) {
    print('no operations yet');
    return;
  }
  const rows = entries.map(({ atMs, actor, what, release = '', tookMs, result }) => [
    utcTime(atMs),
    actor,
    what,
    release,
    tookMs === undefined ? '' : duration(tookMs),
    result,
  ]);
  print(table(['WHEN', 'WHO', 'WHAT', 'RELEASE', 'TOOK', 'RESULT'], rows));
}
