import type { Alert, Causes, HeldBack } from './alert.ts';
import { awayWording } from './away-wording.ts';
import { capital, fact } from './facts.ts';
import { duration, factor, rate, requests, share, span, utcTime } from './figures.ts';
import { stableForMs } from './flapping.ts';
import { mutedWording, unmutedWording } from './mute-wording.ts';
import { canaryWording, deployWording, maintenanceWording, switchWording } from './operation-wording.ts';

/** The time that an error budget is for. */
const budgetMs = 30 * 86_400_000;

/** A run of words: our own, or something from outside (`code`) that must stay a quotation wherever it is shown. */
export type Span = { readonly text: string } | { readonly code: string };

export interface Fact {
  readonly label: string;
  readonly spans: readonly Span[];
}

/** An alert in words, for any channel to lay out. */
export interface Wording {
  /** Complete by itself: it is all that a locked phone shows. */
  readonly headline: string;
  readonly summary: string;
  readonly facts: readonly Fact[];
  readonly tone: 'bad' | 'warning' | 'good' | 'neutral';
  /** The section of the runbook. */
  readonly anchor: string;
}

export function wordingOf(alert: Alert): Wording {
  switch (alert.kind) {
    case 'failover':
      return {
        headline: `Failover detected: ${alert.from} → ${alert.to} (to backup)`,
        summary: `${capital(alert.from)} is active but ${alert.to} answers in its place.`,
        facts: [
          ...fact('Cause', alert.cause),
          ...fact('Release', alert.release),
          { label: 'Upstream', spans: [{ code: alert.upstream }] },
          { label: 'Request time', spans: [{ text: duration(alert.requestMs) }] },
        ],
        tone: 'bad',
        anchor: 'failover',
      };
    case 'recovery':
      return {
        headline: `Recovery detected: back to ${alert.pool} (primary)`,
        summary: `It lasted ${duration(alert.lastedMs)}; ${alert.standby} served ${requests(alert.served)} meanwhile.`,
        facts: fact('Release', alert.release),
        tone: 'good',
        anchor: 'recovery',
      };
    case 'switch':
      return switchWording(alert);
    case 'flapping':
      return {
        headline: `Flapping: ${alert.pool} has failed over ${alert.failovers} times in ${duration(alert.lastedMs)}`,
        summary:
          `${capital(alert.standby)} answers whenever ${alert.pool} does not. ` +
          `From now on this is counted, and told when nothing has changed for ${duration(stableForMs)}.`,
        facts: fact('Cause', alert.cause),
        tone: 'bad',
        anchor: 'flapping',
      };
    case 'flapping-resolved':
      return {
        headline:
          alert.serving === alert.pool
            ? `Flapping is over: ${alert.pool} (primary) is stable`
            : `Flapping is over: ${alert.pool} stays down, ${alert.standby} (backup) serves`,
        summary:
          `${capital(alert.pool)} failed over ${alert.failovers} times in ${duration(alert.lastedMs)}; ` +
          `${alert.standby} served ${requests(alert.served)}. No change for ${duration(alert.stableMs)}.`,
        facts: [],
        tone: alert.serving === alert.pool ? 'good' : 'warning',
        anchor: 'flapping',
      };
    case 'error-rate':
      return {
        headline: 'High upstream error rate',
        summary: `${rate(alert.failed, alert.samples)} (threshold ${alert.thresholdPercent}%).`,
        facts: [
          ...(alert.pool === undefined ? [] : [{ label: 'Current pool', spans: [{ text: alert.pool }] }]),
          ...(alert.worstPaths.length === 0
            ? []
            : [{ label: 'Worst paths', spans: alert.worstPaths.flatMap(pathSpans) }]),
        ],
        tone: 'bad',
        anchor: 'error-rate',
      };
    case 'error-rate-resolved':
      return {
        headline: 'Upstream error rate resolved',
        summary: `${rate(alert.failed, alert.samples)}. It was high for ${duration(alert.lastedMs)}.`,
        facts: [],
        tone: 'good',
        anchor: 'error-rate',
      };
    case 'burn-rate':
      return {
        headline: `Error budget burns ${factor(alert.burn)}× too fast`,
        summary:
          `${share(alert.failed, alert.requests)} of the last hour's ${requests(alert.requests)} failed for visitors ` +
          `(objective ${alert.sloPercent}%); at this pace the budget of 30 days is gone in ${span(budgetMs / alert.burn)}.`,
        facts: [],
        tone: 'bad',
        anchor: 'burn-rate',
      };
    case 'burn-rate-resolved':
      return {
        headline: 'Error budget no longer burns too fast',
        summary:
          `${share(alert.failed, alert.requests)} of the last five minutes' ${requests(alert.requests)} failed for visitors ` +
          `(objective ${alert.sloPercent}%). It burned too fast for ${duration(alert.lastedMs)}.`,
        facts: [],
        tone: 'good',
        anchor: 'burn-rate',
      };
    case 'outage':
      return {
        headline: 'Outage: no pool can serve requests',
        summary:
          alert.shownBy === 'requests'
            ? 'Requests in a row failed on every pool; users see errors.'
            : 'Both pools fail their health checks.',
        facts: [
          ...causeFacts(alert.causes),
          ...(alert.upstream === undefined ? [] : [{ label: 'Upstream', spans: [{ code: alert.upstream }] }]),
        ],
        tone: 'bad',
        anchor: 'outage',
      };
    case 'outage-resolved':
      return {
        headline: alert.pool === undefined ? 'Outage resolved' : `Outage resolved: ${alert.pool} can serve again`,
        summary: `It lasted ${duration(alert.lastedMs)}; ${requests(alert.unserved)} could not be served.`,
        facts: [],
        tone: 'good',
        anchor: 'outage',
      };
    case 'standby-down':
      return {
        headline: `Standby down: ${alert.pool}`,
        summary: `${capital(alert.active)} serves, but there is nothing to fail over to.`,
        facts: fact('Cause', alert.cause === undefined ? undefined : `health check: ${alert.cause}`),
        tone: 'warning',
        anchor: 'standby-down',
      };
    case 'standby-resolved':
      return {
        headline: `Standby down resolved: ${alert.pool}`,
        summary:
          alert.because === 'healthy'
            ? `It passes its health checks again after ${duration(alert.lastedMs)}.`
            : `It is the active pool now, still failing its health checks after ${duration(alert.lastedMs)}.`,
        facts: [],
        tone: alert.because === 'healthy' ? 'good' : 'warning',
        anchor: 'standby-down',
      };
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
    default:
      return alert satisfies never;
  }
}

/** Everything in one line, for logs and for channels that take nothing else. */
export function plainText(alert: Alert, identifier?: string): string {
  const { atMs, incident, heldBack } = alert;
  const notes = heldBack === undefined ? [] : [heldBackText(heldBack)];
  return plainLine({ ...wordingOf(alert), atMs, incident, notes }, identifier);
}

/** The same for what has been put into words; `notes` are about the message itself. */
export function plainLine(
  told: Wording & { readonly atMs: number; readonly incident: string; readonly notes: readonly string[] },
  identifier?: string,
): string {
  const { headline, summary, facts, atMs, incident, notes } = told;
  const details = facts.map(({ label, spans }) => `${label}: ${spans.map(spanText).join('')}`);
  const rest = [...details, `Time: ${utcTime(atMs)}`, `Incident: ${incident}`, ...notes].join(' · ');
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

/** Such as `2 more since 14:02 UTC held back`. */
export function heldBackText({ count, sinceMs }: HeldBack): string {
  return `${count} more since ${utcTime(sinceMs).slice(11, 16)} UTC held back`;
}

function causeFacts(causes: Causes): Fact[] {
  return (['blue', 'green'] as const).flatMap((pool) =>
    fact(`Cause (${pool})`, causes[pool] === undefined ? undefined : `health check: ${causes[pool]}`),
  );
}

function pathSpans({ path, failed }: { readonly path: string; readonly failed: number }, index: number): Span[] {
  return [{ text: index === 0 ? '' : ', ' }, { code: path }, { text: ` ${failed}×` }];
}

function spanText(span: Span): string {
  return 'text' in span ? span.text : span.code;
}
