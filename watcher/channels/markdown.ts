import type { Span } from '../words/facts.ts';
import { runbookSection } from '../words/wording.ts';
import type { MessageContext } from './http-notifier.ts';

const zeroWidthSpace = '\u200b';
const maxSpanChars = 360;

/** On one line, and without mentions: Mattermost reads Slack's `<!channel>` as one too, also in quotations. */
export function quiet(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .replaceAll(/[@<]/g, `$&${zeroWidthSpace}`);
}

/** Our own words and the operator's, for a chat that reads Markdown (Discord, Mattermost): nothing in them formats or links. */
export function escapeMarkdown(text: string): string {
  return quiet(text)
    .replaceAll(/[\\`*_~|[\]#>]/g, '\\$&')
    .replaceAll(/:(?=\/\/)|www(?=\.)/gi, `$&${zeroWidthSpace}`);
}

/** The spans that fit, each whole: a cut in the middle could leave an open quotation. */
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
  // Escaping makes one character at most two.
  const limit = Math.min(maxSpanChars, Math.floor(maxChars / 2) - 2);
  if ('text' in span) return escapeMarkdown(span.text.slice(0, limit));
  // Inside a code span nothing formats or links; only a backtick or a line's end could close it.
  const code = quiet(span.code.slice(0, limit)).replaceAll('`', '').trim();
  return code === '' ? '–' : `\`${code}\``;
}

/** To the runbook's section and to the dashboard, where they are set. */
export function linksMarkdown({ runbookUrl, dashboardUrl }: MessageContext, anchor: string): readonly string[] {
  return [
    ...(runbookUrl === undefined ? [] : [markdownLink('Runbook', runbookSection(runbookUrl, anchor))]),
    ...(dashboardUrl === undefined ? [] : [markdownLink('Dashboard', dashboardUrl)]),
  ];
}

function markdownLink(text: string, url: string): string {
  return `[${text}](${url.replaceAll('(', '%28').replaceAll(')', '%29')})`;
}
