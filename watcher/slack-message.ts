import type { Alert } from './alert.ts';
import type { Form } from './notifier.ts';
import {
  type Fact,
  heldBackText,
  identified,
  plainText,
  type Span,
  utcTime,
  type Wording,
  wordingOf,
} from './wording.ts';

/** What the operator has set, the same in every message. */
export interface SlackContext {
  readonly identifier?: string;
  readonly runbookUrl?: string;
}

/** The body of a post to an incoming webhook. */
export interface SlackMessage {
  readonly text: string;
  readonly attachments?: readonly SlackAttachment[];
}

interface SlackAttachment {
  readonly color: string;
  readonly fallback: string;
  readonly blocks: readonly SlackBlock[];
}

interface Markdown {
  readonly type: 'mrkdwn';
  readonly text: string;
}

type SlackBlock =
  | { readonly type: 'section'; readonly fields: readonly Markdown[] }
  | { readonly type: 'context'; readonly elements: readonly Markdown[] };

const colors: { readonly [tone in Wording['tone']]: string } = {
  bad: '#d32f2f',
  warning: '#f9a825',
  good: '#2e7d32',
  neutral: '#1565c0',
};

// Slack takes 10 fields of 2,000 characters. Escaping makes one character at most five.
const maxFields = 10;
const maxSpanChars = 360;
const maxFieldChars = 2_000;

/**
 * The text is the notification and the message's first two lines; the attachment holds the details under a colour.
 * `plain`: only text, for when Slack has refused the rest.
 */
export function slackMessage(alert: Alert, context: SlackContext, form: Form): SlackMessage {
  if (form === 'plain') return { text: escapeSlack(plainText(alert, context.identifier)) };
  const { headline, summary, facts, tone, anchor } = wordingOf(alert);
  const first = escapeSlack(identified(headline, context.identifier));
  const fields = facts.slice(0, maxFields).map(field);
  const blocks: SlackBlock[] = [
    ...(fields.length === 0 ? [] : [{ type: 'section', fields } as const]),
    { type: 'context', elements: [{ type: 'mrkdwn', text: footer(alert, anchor, context) }] },
  ];
  return { text: `${first}\n${escapeSlack(summary)}`, attachments: [{ color: colors[tone], fallback: first, blocks }] };
}

/** The only three characters that mean something to Slack outside of formatting. */
export function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function field({ label, spans }: Fact): Markdown {
  let text = `*${label}*\n`;
  for (const span of spans) {
    const piece = spanMarkdown(span);
    // A cut in the middle could leave half an escape or an open quotation.
    if (text.length + piece.length > maxFieldChars) break;
    text += piece;
  }
  return { type: 'mrkdwn', text };
}

function spanMarkdown(span: Span): string {
  if ('text' in span) return escapeSlack(span.text.slice(0, maxSpanChars));
  // Inside a code span nothing formats, links or notifies; only a backtick or a line's end could close it.
  const code = span.code.slice(0, maxSpanChars).replaceAll('`', '').replaceAll(/\s+/g, ' ').trim();
  return code === '' ? '–' : `\`${escapeSlack(code)}\``;
}

function footer(alert: Alert, anchor: string, { runbookUrl }: SlackContext): string {
  // Slack shows this in the reader's own time zone, and what follows the bar where it cannot.
  const time = `<!date^${Math.floor(alert.atMs / 1_000)}^{date_short_pretty} {time_secs}|${utcTime(alert.atMs)}>`;
  const parts = [time, `incident \`${alert.incident}\``];
  if (runbookUrl !== undefined) parts.push(`<${runbookLink(runbookUrl, anchor)}|Runbook>`);
  if (alert.heldBack !== undefined) parts.push(heldBackText(alert.heldBack));
  return parts.join(' · ');
}

function runbookLink(runbookUrl: string, anchor: string): string {
  const url = new URL(runbookUrl);
  url.hash = anchor;
  return escapeSlack(url.href).replaceAll('|', '%7C');
}
