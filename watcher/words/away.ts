import { utcTime } from '../../report/figures.ts';
import type { Away, AwayEvent } from '../alerts/alert.ts';
import { maxHeadline, type Wording } from './facts.ts';

const day = 10;

export function awayWording({ fromMs, toMs, events, more, stillOpen }: Away): Wording {
  const span = `While the watcher was away, ${shortTime(fromMs, toMs)} to ${shortTime(toMs, toMs)} UTC`;
  const all = inOrder(events, more, toMs);
  const headline = `${span}: ${all.join(', ')}`;
  const fits = headline.length <= maxHeadline;
  return {
    headline: fits ? headline : `${span}: ${all[0]} and ${events.length - 1 + more} more`,
    summary: stillOpen.length === 0 ? 'All of it is resolved.' : `Still open: ${stillOpen.join(', ')}.`,
    facts: fits ? [] : [{ label: 'In order', spans: all.map((text, at) => ({ text: at ? `, ${text}` : text })) }],
    tone: stillOpen.length === 0 ? 'neutral' : 'warning',
    anchor: 'away',
  };
}

/** Each event with its time, such as `failed over to green at 14:05`, and how many more there were. */
export function inOrder(events: readonly AwayEvent[], more: number, endMs: number): readonly string[] {
  const all = events.map(({ atMs, what }) => `${what} at ${shortTime(atMs, endMs)}`);
  return more === 0 ? all : [...all, `${more} more`];
}

/** Such as `14:02`, in UTC; with the date if it is on another day than the end. */
export function shortTime(atMs: number, endMs: number): string {
  const time = utcTime(atMs);
  return time.slice(0, day) === utcTime(endMs).slice(0, day) ? time.slice(11, 16) : time.slice(0, 16);
}
