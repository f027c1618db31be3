import { utcTime } from './figures.ts';
import type { MessageContext } from './http-notifier.ts';
import { type Message, plainMessage, type Told, toldOf } from './message.ts';
import type { Form } from './notifier.ts';
import { colorOf } from './tone.ts';
import { type Fact, identified, runbookSection, type Span } from './wording.ts';

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

// Slack takes 10 fields of 2,000 characters. Escaping makes one character at most five.
const maxFields = 10;
const maxSpanChars = 360;
const maxFieldChars = 2_000;
// Slack cuts at 40,000.
const maxPlainChars = 7_000;

/**
 * The text is the notification and the message's first two lines; the attachment holds the details under a colour.
 * `plain`: only text, for when Slack has refused the rest.
 */
export function slackMessage(message: Message, context: MessageContext, form: Form): SlackMessage {
  if (form === 'plain') return { text: escapeSlack(plainMessage(message, context.identifier).slice(0, maxPlainChars)) };
  const told = toldOf(message);
  const { headline, summary, facts, tone } = told;
  const first = escapeSlack(identified(headline, context.identifier));
  const fields = facts.slice(0, maxFields).map(field);
  const blocks: SlackBlock[] = [
    ...(fields.length === 0 ? [] : [{ type: 'section', fields } as const]),
    { type: 'context', elements: [{ type: 'mrkdwn', text: footer(told, context) }] },
  ];
  return {
    text: `${first}\n${escapeSlack(summary)}`,
    attachments: [{ color: colorOf[tone], fallback: first, blocks }],
  };
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

function footer({ atMs, incident, notes, anchor }: Told, { runbookUrl }: MessageContext): string {
  // Slack shows this in the reader's own time zone, and what follows the bar where it cannot.
  const time = `<!date^${Math.floor(atMs / 1_000)}^{date_short_pretty} {time_secs}|${utcTime(atMs)}>`;
  const link = runbookUrl === undefined ? [] : [`<${runbookLink(runbookUrl, anchor)}|Runbook>`];
  return [time, `incident \`${escapeSlack(incident)}\``, ...link, ...notes].join(' · ');
}

function runbookLink(runbookUrl: string, anchor: string): string {
  return escapeSlack(runbookSection(runbookUrl, anchor)).replaceAll('|', '%7C');
}
