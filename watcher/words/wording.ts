import { utcTime } from '../../report/figures.ts';
import type { Alert, HeldBack } from '../alerts/alert.ts';
import type { RequestIds } from '../request/event.ts';
import { awayWording } from './away.ts';
import { certificateWording } from './certificates.ts';
import { deployWording } from './deploy.ts';
import { type Fact, inFixedOrder, type MessageOrigin, type Span, type Wording } from './facts.ts';
import { failoverWording, flappingWording, outageWording, standbyWording } from './failover.ts';
import { mutedWording, unmutedWording } from './mute.ts';
import { canaryWording, maintenanceWording, testWording } from './operations.ts';
import { overloadWording } from './overload.ts';
import { burnRateWording, errorRateWording } from './rates.ts';
import { switchWording } from './switch.ts';

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
      return failoverWording(alert);
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
    case 'overload':
    case 'overload-resolved':
      return overloadWording(alert);
    case 'certificate-expiring':
    case 'certificate-renewal-failed':
    case 'certificate-renewed':
      return certificateWording(alert);
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

/** The whole alert in one line, for logs and for channels that accept nothing else. */
export function plainText(alert: Alert, identifier?: string): string {
  const { atMs, incident } = alert;
  return plainLine({ ...wordingOf(alert), atMs, incident }, identifier);
}

/** A composed message in one line. */
export function plainLine(composed: Wording & MessageOrigin, identifier?: string): string {
  const { headline, summary, facts, atMs, incident } = composed;
  const details = facts.map(({ label, spans }) => `${label}: ${spans.map(spanText).join('')}`);
  const rest = [...details, `Time: ${utcTime(atMs)}`, `Incident: ${incident}`].join(' · ');
  return `${identified(headline, identifier)}. ${summary} ${rest}`;
}

export function identified(headline: string, identifier?: string): string {
  return identifier === undefined ? headline : `${headline} [${identifier}]`;
}

/** The URL of the runbook's section about an alert. */
export function runbookSection(runbookUrl: string, anchor: string): string {
  const url = new URL(runbookUrl);
  url.hash = anchor;
  return url.href;
}

/** The ids under which the access log and the traces hold the request. */
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
