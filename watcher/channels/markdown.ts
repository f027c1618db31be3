import type { Span } from '../words/facts.ts';
import { runbookSection } from '../words/wording.ts';
import type { MessageContext } from './http-notifier.ts';

const zeroWidthSpace = '\u200b';
const maxSpanChars = 360;

/** Puts the text on one line and disarms mentions. Mattermost reads Slack's `<!channel>` as one too, even in quotations. */
export function withoutMentions(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .replaceAll(/[@<]/g, `$&${zeroWidthSpace}`);
}

/** Escapes our own words and the operator's for chats that read Markdown (Discord, Mattermost), so that nothing formats or links. */
export function escapeMarkdown(text: string): string {
  return withoutMentions(text)
    .replaceAll(/[\\`*_~|[\]#>]/g, '\\$&')
    .replaceAll(/:(?=\/\/)|www(?=\.)/gi, `$&${zeroWidthSpace}`);
}

/** As many whole spans as fit: a cut inside a span could leave a quotation open. */
export function spansMarkdown(spans: readonly Span[], maxChars: number, timeOf: (atMs: number) => string): string {
  let text = '';
  for (const span of spans) {
    const piece = spanMarkdown(span, maxChars, timeOf);
    if (text.length + piece.length > maxChars) break;
    text += piece;
  }
  return text.trim() === '' ? '–' : text;
}

function spanMarkdown(span: Span, maxChars: number, timeOf: (atMs: number) => string): string {
  if ('atMs' in span) return timeOf(span.atMs);
  // Escaping at most doubles the length.
  const limit = Math.min(maxSpanChars, Math.floor(maxChars / 2) - 2);
  if ('text' in span) return escapeMarkdown(span.text.slice(0, limit));
  // Inside a code span nothing formats or links; only a backtick or a line break could close it.
  const code = withoutMentions(span.code.slice(0, limit)).replaceAll('`', '').trim();
  return code === '' ? '–' : `\`${code}\``;
}

/** Links to the runbook's section and to the dashboard, if their URLs are set. */
export function linksMarkdown({ runbookUrl, dashboardUrl }: MessageContext, anchor: string): readonly string[] {
  return [
    ...(runbookUrl === undefined ? [] : [markdownLink('Runbook', runbookSection(runbookUrl, anchor))]),
    ...(dashboardUrl === undefined ? [] : [markdownLink('Dashboard', dashboardUrl)]),
  ];
}

function markdownLink(text: string, url: string): string {
  return `[${text}](${url.replaceAll('(', '%28').replaceAll(')', '%29')})`;
}
