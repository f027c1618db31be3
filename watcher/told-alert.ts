import type { Alert } from './alert.ts';
import type { AlertReport, DeliveryState, Fact } from './dashboard-report.ts';
import { type Span, wordingOf } from './wording.ts';

const maxText = 400;
const maxFacts = 12;

/** An alert in words, and what has become of it on its way. */
export interface ToldAlert {
  readonly key: string;
  readonly report: Omit<AlertReport, 'delivery'>;
  readonly delivery: { [channel: string]: DeliveryState };
}

/** The same for an alert wherever it is met: in a queue, in a checkpoint, in a replay. */
export function keyOf({ kind, incident, atMs }: Alert): string {
  return `${kind} ${incident} ${atMs}`;
}

/**
 * Its texts bounded, as many of them come from outside. Undefined: it cannot be put into words, as one that another release
 * has left in the checkpoint; to fail at that would be to fail at every start.
 */
export function toldAlert(alert: Alert): ToldAlert | undefined {
  try {
    const { headline, summary, tone, facts } = wordingOf(alert);
    const { incident, atMs } = alert;
    const report = {
      incident: bounded(incident),
      atMs,
      tone,
      headline: bounded(headline),
      summary: bounded(summary),
      facts: facts.slice(0, maxFacts).map(boundedFact),
    };
    return { key: keyOf(alert), report, delivery: {} };
  } catch {
    return undefined;
  }
}

function boundedFact({ label, spans }: Fact): Fact {
  return {
    label: bounded(label),
    spans: spans.slice(0, maxFacts).map(boundedSpan),
  };
}

function boundedSpan(span: Span): Span {
  if ('atMs' in span) return span;
  return 'text' in span ? { text: bounded(span.text) } : { code: bounded(span.code) };
}

function bounded(text: string): string {
  return text.length <= maxText ? text : `${text.slice(0, maxText - 1).toWellFormed()}…`;
}
