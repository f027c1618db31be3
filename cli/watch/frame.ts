import type { Look } from '../status/look.ts';
import { painted, poolCells, watcherLines } from '../status/status-text.ts';
import { storyOf } from '../status/story.ts';
import { clipped, inColumns, printable, styledForStdout } from '../terminal/terminal.ts';
import { eventLine, localTime, type WatchEvent } from './event.ts';
import type { Rates } from './rates.ts';

/** `status` shows more; the events need the space. */
const maxRemarks = 5;

export interface Shown {
  readonly look: Look;
  readonly rates: Rates | undefined;
  readonly events: readonly WatchEvent[];
  /** The URL of the site, and its engine. */
  readonly where: string;
  readonly nowMs: number;
}

/** The lines of a screen: the state of the stack, and below it the last events, newest last. */
export function frameOf(shown: Shown, size: { readonly columns: number; readonly rows: number }): string[] {
  const fit = (text: string) => clipped(printable(text), size.columns);
  const remarks = storyOf(shown.look).slice(0, maxRemarks);
  const head = [
    ...remarks.map(({ tone, text }) => painted(tone, fit(text))),
    fit(shown.where),
    '',
    ...poolLines(shown).map((line, index) => (index === 0 ? styledForStdout('bold', fit(line)) : fit(line))),
    '',
    ...watcherLines(shown.look.watcher).map(fit),
    styledForStdout('dim', rule(localTime(shown.nowMs), size.columns)),
  ].slice(0, Math.max(1, size.rows - 1));
  const room = size.rows - head.length;
  const events = room > 0 ? shown.events.slice(-room) : [];
  return [...head, ...events.map((event) => painted(event.tone, fit(eventLine(event, localTime))))];
}

function poolLines({ look, rates }: Shown): string[] {
  const rows = look.pools.map((status) => {
    const rate = rates?.[status.pool];
    return [
      ...poolCells(status, look.control?.edge),
      rate === undefined ? '–' : rate.perSecond.toFixed(1),
      rate === undefined ? '–' : String(rate.failed),
    ];
  });
  return inColumns([['POOL', 'ROLE', 'RELEASE', 'HEALTH', 'REQ/S', 'FAILED'], ...rows]);
}

function rule(text: string, columns: number): string {
  return `── ${text} `.padEnd(columns, '─').slice(0, columns);
}
