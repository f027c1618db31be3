import { utcTime } from '../../report/figures.ts';
import type { Message } from '../alerts/message.ts';
import type { Form } from '../delivery/notifier.ts';
import { colorOf, type Fact, type Span } from '../words/facts.ts';
import { type ComposedMessage, compose, plainMessage } from '../words/message.ts';
import { identified, runbookSection } from '../words/wording.ts';
import { deliveryOf } from './answer.ts';
import type { Contract, MessageContext } from './http-notifier.ts';

/** The body of a post to an incoming webhook. */
export interface SlackMessage {
  /** Shown in notifications; with blocks, nowhere else. */
  readonly text: string;
  /** False: the text is shown without formatting. */
  readonly mrkdwn?: false;
  /** `none`: no address in the text becomes a link. */
  readonly parse?: 'none';
  readonly unfurl_links?: false;
  readonly unfurl_media?: false;
  readonly blocks?: readonly SlackBlock[];
  readonly attachments?: readonly SlackAttachment[];
}

interface SlackAttachment {
  readonly color: string;
  readonly fallback: string;
  readonly blocks: readonly SlackBlock[];
}

/** Text in which nothing formats, links or notifies. */
interface PlainText {
  readonly type: 'plain_text';
  readonly text: string;
  /** False: `:fire:` stays as it is. */
  readonly emoji: false;
}

interface Markdown {
  readonly type: 'mrkdwn';
  readonly text: string;
  /** Only text marked up as a link becomes one. */
  readonly verbatim: true;
}

export type SlackBlock =
  | { readonly type: 'header'; readonly text: PlainText }
  | { readonly type: 'section'; readonly text: PlainText | Markdown }
  | { readonly type: 'section'; readonly fields: readonly Markdown[] }
  | { readonly type: 'context'; readonly elements: readonly Markdown[] };

// Slack's own limits: 150 characters in a header, 3,000 in a section's text, 10 fields of 2,000.
const maxHeaderChars = 150;
const maxSummaryChars = 1_000;
const maxFields = 10;
const maxFieldChars = 2_000;
const maxLinkChars = 1_000;
// Slack truncates at 40,000.
const maxPlainChars = 7_000;

/**
 * From the top down: headline, summary, facts beside a bar in the tone's color, links, time and incident.
 * In form `plain`, the text alone, for when Slack has refused the rest.
 */
export function slackMessage(message: Message, context: MessageContext, form: Form): SlackMessage {
  if (form === 'plain') {
    const text = escapeSlack(plainMessage(message, context.identifier).slice(0, maxPlainChars));
    return { text, mrkdwn: false, parse: 'none' };
  }
  const composed = compose(message);
  const { headline, summary, facts, tone } = composed;
  const first = identified(headline, context.identifier);
  const fields = facts.slice(0, maxFields).map(field);
  const links = linksTo(composed, context);
  return {
    text: `${escapeSlack(first)}\n${escapeSlack(summary)}`,
    // A preview of the runbook would be longer than the message.
    unfurl_links: false,
    unfurl_media: false,
    blocks: [
      { type: 'header', text: plain(clippedSlack(first, maxHeaderChars)) },
      { type: 'section', text: plain(clippedSlack(summary, maxSummaryChars)) },
    ],
    attachments: [
      {
        color: colorOf[tone],
        fallback: escapeSlack(first),
        blocks: [
          ...(fields.length === 0 ? [] : [{ type: 'section', fields } as const]),
          ...(links === '' ? [] : [{ type: 'section', text: markdown(links) } as const]),
          { type: 'context', elements: [markdown(footer(composed))] },
        ],
      },
    ],
  };
}

function field({ label, spans }: Fact): Markdown {
  let text = `*${label}*\n`;
  for (const span of spans) {
    const piece = slackSpan(span);
    // A cut inside a span could leave half an escape or a quotation open.
    if (text.length + piece.length > maxFieldChars) break;
    text += piece;
  }
  return markdown(text);
}

/** Links to the runbook's section and to the dashboard, if their URLs are set. */
function linksTo({ anchor }: ComposedMessage, { runbookUrl, dashboardUrl }: MessageContext): string {
  const links = [
    ...(runbookUrl === undefined ? [] : [slackLink(runbookSection(runbookUrl, anchor), 'Runbook')]),
    ...(dashboardUrl === undefined ? [] : [slackLink(dashboardUrl, 'Dashboard')]),
  ];
  return links.filter((link) => link.length <= maxLinkChars).join(' · ');
}

function footer({ atMs, incident }: ComposedMessage): string {
  return `${slackTime(atMs)} · incident \`${escapeSlack(incident)}\``;
}

function plain(text: string): PlainText {
  return { type: 'plain_text', text, emoji: false };
}

function markdown(text: string): Markdown {
  return { type: 'mrkdwn', text, verbatim: true };
}

const maxSpanChars = 360;

/** Escapes the only three characters that have a meaning to Slack outside of formatting. */
export function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Escapes and cuts the text to at most `maxChars`, never inside a character or an escape. */
export function clippedSlack(text: string, maxChars: number): string {
  const line = text.toWellFormed();
  const whole = escapeSlack(line);
  if (whole.length <= maxChars) return whole || '–';
  let clipped = '';
  for (const character of line) {
    const piece = escapeSlack(character);
    if (clipped.length + piece.length > maxChars - 1) break;
    clipped += piece;
  }
  return `${clipped}…`;
}

/** A run of words for `mrkdwn`. */
export function slackSpan(span: Span): string {
  if ('atMs' in span) return slackTime(span.atMs);
  if ('code' in span) return quotation(span.code);
  // A list in our own words can contain the name of a release, and Slack has no escape for formatting characters.
  return /[*_~`]/.test(span.text) ? quotation(span.text) : escapeSlack(onOneLine(span.text));
}

/** Slack shows the time in the reader's time zone, or the text after the bar if it cannot. */
export function slackTime(atMs: number): string {
  return `<!date^${Math.floor(atMs / 1_000)}^{date_short_pretty} {time_secs}|${utcTime(atMs)}>`;
}

export function slackLink(url: string, text: string): string {
  return `<${escapeSlack(url).replaceAll('|', '%7C')}|${text}>`;
}

/** Inside a code span nothing formats, links or notifies; only a backtick or a line break could close it. */
function quotation(text: string): string {
  const code = onOneLine(text).replaceAll('`', '').trim();
  return code === '' ? '–' : `\`${escapeSlack(code)}\``;
}

function onOneLine(text: string): string {
  return text
    .slice(0, maxSpanChars)
    .toWellFormed()
    .replaceAll(/[\s\p{Cc}]+/gu, ' ');
}

/** Slack's incoming webhooks: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
export function slackContract(context: MessageContext): Contract {
  return {
    // Slack accepts one message a second for each webhook.
    gapMs: 1_000,
    compose: (message, form) => ({ body: JSON.stringify(slackMessage(message, context, form)) }),
    judge: (answer) => deliveryOf(answer, wordOf(answer.body), Date.now()),
  };
}

/** Slack answers with one word. Anything else is not repeated: it could contain the URL. */
function wordOf(body: string): string {
  return /^[a-z_]{1,60}$/.test(body.trim()) ? body.trim() : '';
}
