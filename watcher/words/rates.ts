import { duration, factor, rate, requests, share, span } from '../../report/figures.ts';
import type { BurnRate, BurnRateResolved, ErrorRate, ErrorRateResolved, PathCount } from '../alerts/alert.ts';
import { maxAgeMs } from '../rules/window.ts';
import { fact, note, type Span, serving, type Wording } from './facts.ts';

/** The period that the error budget covers. */
const budgetMs = 30 * 86_400_000;

/** Too many upstream attempts failed; few do again. */
export function errorRateWording(alert: ErrorRate | ErrorRateResolved): Wording {
  const { failed, samples } = alert;
  const short = `${share(failed, samples)} of the last ${requests(samples)}`;
  const counted = rate(failed, samples);
  if (alert.kind === 'error-rate') {
    const { pool, worstPaths, thresholdPercent, visible } = alert;
    return {
      headline: `High upstream error rate: ${short}${visibleEnd(visible)}`,
      summary: `${visibleText(alert)}${sharedText(alert)}`,
      facts: [
        ...(pool === undefined ? [] : [serving(pool)]),
        ...fact('Cause', alert.cause),
        note('Figures', `${counted} (threshold ${thresholdPercent}%).`),
        ...(worstPaths.length === 0 ? [] : [{ label: 'Worst paths', spans: worstPaths.flatMap(pathSpans) } as const]),
      ],
      tone: visible === 0 ? 'warning' : 'bad',
      anchor: 'error-rate',
    };
  }
  if (samples === 0) {
    return {
      headline: `Upstream error rate resolved: no request for ${duration(maxAgeMs)}`,
      summary: 'It is not known whether the cause is gone.',
      facts: [note('Lasted', duration(alert.lastedMs))],
      tone: 'neutral',
      anchor: 'error-rate-resolved',
    };
  }
  return {
    headline: `Upstream error rate resolved: ${short}`,
    summary: 'It has stayed low for a while.',
    facts: [note('Lasted', duration(alert.lastedMs)), note('Figures', counted)],
    tone: 'good',
    anchor: 'error-rate-resolved',
  };
}

/** Errors that visitors see use up the error budget too fast; they no longer do. */
export function burnRateWording(alert: BurnRate | BurnRateResolved): Wording {
  const { failed, sloPercent } = alert;
  const counted = (when: string) =>
    `${share(failed, alert.requests)} of the last ${when}' ${requests(alert.requests)} failed (objective ${sloPercent}%)`;
  if (alert.kind === 'burn-rate') {
    return {
      headline: `Error budget burns ${factor(alert.burn)}× too fast`,
      summary: `Visitors see errors. At this pace the budget of 30 days is gone in ${span(budgetMs / alert.burn)}.`,
      facts: [note('Figures', counted('60 minutes'))],
      tone: 'bad',
      anchor: 'burn-rate',
    };
  }
  return {
    headline: `Error budget no longer burns too fast, after ${duration(alert.lastedMs)}`,
    summary: 'Visitors see few errors or none.',
    facts: [note('Lasted', duration(alert.lastedMs)), note('Figures', counted('five minutes'))],
    tone: 'good',
    anchor: 'burn-rate-resolved',
  };
}

function visibleEnd(visible: number): string {
  return visible === 0 ? ', visitors see none' : ', visitors see errors';
}

function visibleText({ visible, failed }: ErrorRate): string {
  if (visible === 0) return 'The other pool answered instead.';
  if (visible === failed) {
    return failed === 1 ? 'The one that failed reached a visitor.' : `All ${failed} that failed reached a visitor.`;
  }
  return `Of ${failed} failed, ${visible} reached a visitor; the other pool answered the rest.`;
}

/** A release is judged by what fails on it alone. */
function sharedText({ failed, shared = 0 }: ErrorRate): string {
  if (shared === 0) return '';
  const how = shared === failed ? 'Each failed on both pools' : `${shared} failed on both pools`;
  return ` ${how}: look at the requests and at what both pools use, rather than at one release.`;
}

function pathSpans({ path, failed }: PathCount, index: number): Span[] {
  return [{ text: index === 0 ? '' : ', ' }, { code: path }, { text: ` ${failed}×` }];
}
