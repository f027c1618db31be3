import type { Alert, Away } from './alert.ts';
import { utcTime } from './figures.ts';
import type { Wording } from './wording.ts';

/** Slack's header takes 150 characters, and an identifier may follow. */
const maxHeadline = 120;
const day = 10;

/** An alert in a few words, for a list of what happened. */
export function phraseOf(alert: Alert): string {
  switch (alert.kind) {
    case 'failover':
      return `failed over to ${alert.to}`;
    case 'recovery':
      return `recovered to ${alert.pool}`;
    case 'switch':
      return `switched to ${alert.to}`;
    case 'flapping':
      return `${alert.pool} flapping`;
    case 'flapping-resolved':
      return `flapping over, ${alert.serving} serves`;
    case 'error-rate':
      return 'error rate high';
    case 'error-rate-resolved':
      return 'error rate back to normal';
    case 'burn-rate':
      return 'error budget burning too fast';
    case 'burn-rate-resolved':
      return 'error budget no longer burning too fast';
    case 'outage':
      return 'outage';
    case 'outage-resolved':
      return 'outage over';
    case 'standby-down':
      return `standby ${alert.pool} down`;
    case 'standby-resolved':
      return alert.because === 'healthy' ? `standby ${alert.pool} up again` : `${alert.pool} made active`;
    case 'away':
      return 'the watcher was away';
    default:
      return alert satisfies never;
  }
}

export function awayWording({ fromMs, toMs, events, more, stillOpen }: Away): Wording {
  const span = `While the watcher was away, ${shortTime(fromMs, toMs)} to ${shortTime(toMs, toMs)} UTC`;
  const all = events.map(({ atMs, what }) => `${what} at ${shortTime(atMs, toMs)}`);
  const left = more === 0 ? [] : [`${more} more`];
  const headline = `${span}: ${[...all, ...left].join(', ')}`;
  const fits = headline.length <= maxHeadline;
  return {
    headline: fits ? headline : `${span}: ${all[0]} and ${all.length - 1 + more} more`,
    summary: stillOpen.length === 0 ? 'All of it is over.' : `Still going on: ${stillOpen.join(', ')}.`,
    facts: fits
      ? []
      : [{ label: 'In order', spans: [...all, ...left].map((text, at) => ({ text: at ? `, ${text}` : text })) }],
    tone: stillOpen.length === 0 ? 'neutral' : 'warning',
    anchor: 'away',
  };
}

/** Such as `14:02`; with its date on another day than the end's. */
function shortTime(atMs: number, endMs: number): string {
  const time = utcTime(atMs);
  return time.slice(0, day) === utcTime(endMs).slice(0, day) ? time.slice(11, 16) : time.slice(0, 16);
}
