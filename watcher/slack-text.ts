import { utcTime } from './figures.ts';
import type { Span } from './wording.ts';

const maxSpanChars = 360;

/** The only three characters that mean something to Slack outside of formatting. */
export function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Escaped, and no longer than `maxChars` then, without half a character or half an escape at its end. */
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
  // A list in our own words can hold a release's name, and Slack has no escape for what formats.
  return /[*_~`]/.test(span.text) ? quotation(span.text) : escapeSlack(onOneLine(span.text));
}

/** Slack shows it in the reader's own time zone, and what follows the bar where it cannot. */
export function slackTime(atMs: number): string {
  return `<!date^${Math.floor(atMs / 1_000)}^{date_short_pretty} {time_secs}|${utcTime(atMs)}>`;
}

export function slackLink(url: string, text: string): string {
  return `<${escapeSlack(url).replaceAll('|', '%7C')}|${text}>`;
}

/** Inside a code span nothing formats, links or notifies; only a backtick or a line's end could close it. */
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
