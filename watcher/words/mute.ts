import { duration } from '../../report/figures.ts';
import type { Muted, Unmuted } from '../alerts/alert.ts';
import { inOrder, shortTime } from './away.ts';
import { fact, maxHeadline, time, type Wording } from './facts.ts';

export function mutedWording({ atMs, untilMs, insteadOfMs, actor, ongoing }: Muted): Wording {
  const until = shortTime(untilMs, atMs);
  const going = ongoing.length === 0 ? 'Nothing is open.' : `Open now: ${ongoing.join(', ')}.`;
  return {
    headline: insteadOfMs === undefined ? `Alerts muted until ${until} UTC` : `Alerts now muted until ${until} UTC`,
    summary:
      insteadOfMs === undefined
        ? `For ${duration(untilMs - atMs)}. ${going}`
        : `In place of ${shortTime(insteadOfMs, atMs)} UTC.`,
    facts: [time('Until', untilMs), ...fact('By', actor)],
    tone: ongoing.length === 0 ? 'neutral' : 'warning',
    anchor: 'muted',
  };
}

export function unmutedWording({ fromMs, toMs, events, more, stillOpen }: Unmuted): Wording {
  const list = inOrder(events, more, toMs);
  const span = `muted ${shortTime(fromMs, toMs)} to ${shortTime(toMs, toMs)} UTC`;
  const all = `Alerts are on again; ${span}: ${list.join(', ')}`;
  const fits = all.length <= maxHeadline;
  const summary = stillOpen.length === 0 ? 'All of it is resolved.' : `Still open: ${stillOpen.join(', ')}.`;
  const nothing = list.length === 0;
  const count = events.length + more;
  return {
    headline: nothing
      ? `Alerts are on again; ${span}, nothing was held back`
      : fits
        ? all
        : `Alerts are on again; ${span}: ${list[0]} and ${count - 1} more`,
    summary: nothing && stillOpen.length === 0 ? 'Nothing is open.' : summary,
    facts:
      nothing || fits
        ? []
        : [{ label: 'In order', spans: list.map((text, at) => ({ text: at ? `, ${text}` : text })) }],
    tone: stillOpen.length === 0 ? 'neutral' : 'warning',
    anchor: 'unmuted',
  };
}
