import { duration, factor } from '../../report/figures.ts';
import type { Alert, FlappingResolved } from '../alerts/alert.ts';
import type { Late, Message } from '../alerts/message.ts';
import { inFixedOrder, type MessageOrigin, note, time, type Wording } from './facts.ts';
import { plainLine, wordingOf } from './wording.ts';

/** A message in words; each channel lays it out. For an incident that is resolved, `atMs` is when it began. */
export type ComposedMessage = Wording & MessageOrigin;

export function compose({ alert, end, late, dropped }: Message): ComposedMessage {
  const wording = end === undefined ? wordingOf(alert) : wordingOfBoth(alert, end);
  const delivery = [
    ...(late === undefined ? [] : [lateText(late)]),
    ...(dropped === undefined ? [] : [droppedText(dropped)]),
  ];
  const facts = delivery.length === 0 ? wording.facts : [...wording.facts, note('Delivery', delivery.join('; '))];
  return { ...wording, facts: inFixedOrder(facts), atMs: alert.atMs, incident: alert.incident };
}

/** The whole message in one line, for channels that accept nothing else. */
export function plainMessage(message: Message, identifier?: string): string {
  return plainLine(compose(message), identifier);
}

function wordingOfBoth(alert: Alert, end: Alert): Wording {
  const began = wordingOf(alert);
  const ended = wordingOf(end);
  return {
    headline: headlineOfBoth(alert, end, `${began.headline}; ${ended.headline}`),
    // The summary of the beginning is out of date, and so is its "Now serving".
    summary: ended.summary,
    facts: [...began.facts.filter(({ label }) => label !== 'Now serving'), ...ended.facts, time('Ended', end.atMs)],
    tone: ended.tone,
    anchor: began.anchor,
  };
}

function headlineOfBoth(alert: Alert, end: Alert, otherwise: string): string {
  const lasted = 'lastedMs' in end ? duration(end.lastedMs) : '';
  switch (alert.kind) {
    case 'failover':
      return `Failover and recovery: ${alert.from} → ${alert.to} for ${lasted}`;
    case 'error-rate':
      return `High upstream error rate for ${lasted}, resolved`;
    case 'flapping':
      return end.kind === 'flapping-resolved' ? flappingHeadline(end, lasted) : otherwise;
    case 'burn-rate':
      return `Error budget burned ${factor(alert.burn)}× too fast for ${lasted}, resolved`;
    case 'outage':
      return end.kind === 'outage-resolved' && end.unserved === 0
        ? `Both pools failed their health checks for ${lasted}; no request showed an outage`
        : `Outage for ${lasted}, resolved: no pool could serve requests`;
    case 'certificate-expiring':
    case 'certificate-renewal-failed':
      // It says all that still matters.
      return wordingOf(end).headline;
    case 'overload':
      return `The machine was overloaded for ${lasted}`;
    case 'standby-down':
      if (end.kind === 'standby-resolved' && end.because === 'active') return otherwise;
      return `Standby down for ${lasted}, resolved: ${alert.pool}`;
    default:
      return otherwise;
  }
}

function flappingHeadline({ pool, standby, failovers, serving }: FlappingResolved, lasted: string): string {
  const now = serving === pool ? 'stable now' : `${pool} stays down, ${standby} serves`;
  return `Flapping: ${pool} failed over ${failovers} times in ${lasted}; ${now}`;
}

function lateText({ forMs, silentMs }: Late): string {
  return silentMs === undefined
    ? `sent ${duration(forMs)} late`
    : `sent ${duration(forMs)} late: this channel accepted no message for ${duration(silentMs)}`;
}

function droppedText(count: number): string {
  return count === 1
    ? '1 older alert could not be delivered and was dropped'
    : `${count} older alerts could not be delivered and were dropped`;
}
