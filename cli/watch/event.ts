import type { Tone } from '../../report/tone.ts';
import { printable } from '../terminal/terminal.ts';

/** One event. */
export interface WatchEvent {
  readonly atMs: number;
  readonly tone: Tone;
  /** One word, such as "failover" or "deploy". */
  readonly what: string;
  readonly text: string;
}

const whatColumns = 11;
/** Such as 2025-11-23 14:05:09, in the local time zone. */
const localFormat = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium' });
const timeChars = 8;

export function localDateTime(atMs: number): string {
  return localFormat.format(atMs);
}

export function localTime(atMs: number): string {
  return localDateTime(atMs).slice(-timeChars);
}

/** The event on one line, in plain characters. */
export function eventLine({ atMs, what, text }: WatchEvent, timeOf: (atMs: number) => string): string {
  return `${timeOf(atMs)}  ${what.padEnd(whatColumns)}  ${printable(text)}`;
}
