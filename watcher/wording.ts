import type { RequestIds } from './access-event.ts';
import type { Alert, HeldBack } from './alert.ts';
import type { Anchor } from './anchors.ts';
import { awayWording } from './away-wording.ts';
import { deployWording } from './deploy-wording.ts';
import { type Fact, inFixedOrder } from './facts.ts';
import { utcTime } from './figures.ts';
import { mutedWording, unmutedWording } from './mute-wording.ts';
import { canaryWording, maintenanceWording, testWording } from './operation-wording.ts';
import { burnRateWording, errorRateWording } from './rate-wording.ts';
import { switchWording } from './switch-wording.ts';
import { flappingWording, outageWording, standbyWording, trafficWording } from './traffic-wording.ts';

/** A run of words: our own, something from outside (`code`) that must stay a quotation wherever it is shown, or a moment. */
export type Span = { readonly text: string } | { readonly code: string } | { readonly atMs: number };

/**
 * Red: visitors see errors now. Orange: they do not, but something is broken or at risk. Green: it is over, or went well.
 * Blue: planned, or to be known.
 */
export type Tone = 'bad' | 'warning' | 'good' | 'neutral';

/** An alert in words, for any channel to lay out. */
export interface Wording {
  /** Complete by itself: it is all that a locked phone shows. */
  readonly headline: string;
  /** What it means for visitors, and what follows. */
  readonly summary: string;
  readonly facts: readonly Fact[];
  readonly tone: Tone;
  /** The section of docs/alerts.md. */
  readonly anchor: Anchor;
}

/** What is told of a message beside its wording. */
export interface About {
  readonly atMs: number;
  readonly incident: string;
}

export function wordingOf(alert: Alert): Wording {
  const wording = wordsFor(alert);
  const { heldBack, request } = alert;
  const facts = [
    ...wording.facts,
    ...(request === undefined ? [] : [requestFact(request)]),
    ...(heldBack === undefined ? [] : [heldBackFact(heldBack)]),
  ];
  return { ...wording, facts: inFixedOrder(facts) };
}

function wordsFor(alert: Alert): Wording {
  switch (alert.kind) {
    case 'failover':
    case 'recovery':
      return trafficWording(alert);
    case 'switch':
      return switchWording(alert);
    case 'flapping':
    case 'flapping-resolved':
      return flappingWording(alert);
    case 'error-rate':
    case 'error-rate-resolved':
      return errorRateWording(alert);
    case 'burn-rate':
    case 'burn-rate-resolved':
      return burnRateWording(alert);
    case 'outage':
    case 'outage-resolved':
      return outageWording(alert);
    case 'standby-down':
    case 'standby-resolved':
      return standbyWording(alert);
    case 'away':
      return awayWording(alert);
    case 'deploy-started':
    case 'deploy-failed':
    case 'deploy-finished':
      return deployWording(alert);
    case 'canary':
      return canaryWording(alert);
    case 'maintenance-on':
    case 'maintenance-off':
      return maintenanceWording(alert);
    case 'muted':
      return mutedWording(alert);
    case 'unmuted':
      return unmutedWording(alert);
    case 'test':
      return testWording(alert);
    default:
      return alert satisfies never;
  }
}

/** Everything in one line, for logs and for channels that take nothing else. */
export function plainText(alert: Alert, identifier?: string): string {
  const { atMs, incident } = alert;
  return plainLine({ ...wordingOf(alert), atMs, incident }, identifier);
}

/** The same for what has been put into words. */
export function plainLine(told: Wording & About, identifier?: string): string {
  const { headline, summary, facts, atMs, incident } = told;
  const details = facts.map(({ label, spans }) => `${label}: ${spans.map(spanText).join('')}`);
  const rest = [...details, `Time: ${utcTime(atMs)}`, `Incident: ${incident}`].join(' · ');
  return `${identified(headline, identifier)}. ${summary} ${rest}`;
}

export function identified(headline: string, identifier?: string): string {
  return identifier === undefined ? headline : `${headline} [${identifier}]`;
}

/** The runbook's section about an alert. */
export function runbookSection(runbookUrl: string, anchor: string): string {
  const url = new URL(runbookUrl);
  url.hash = anchor;
  return url.href;
}

/** The ids by which the access log and the traces have it. */
function requestFact({ requestId, traceId = requestId }: RequestIds): Fact {
  const trace: Span[] = traceId === requestId ? [] : [{ text: ' of trace ' }, { code: traceId }];
  return { label: 'Request', spans: [{ code: requestId }, ...trace] };
}

/** Such as `2 more since 14:02`. */
function heldBackFact({ count, sinceMs }: HeldBack): Fact {
  return { label: 'Held back', spans: [{ text: `${count} more since ` }, { atMs: sinceMs }] };
}

function spanText(span: Span): string {
  if ('atMs' in span) return utcTime(span.atMs);
  return 'text' in span ? span.text : span.code;
}
