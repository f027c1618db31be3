import type { SlackBlock, SlackMessage } from '../watcher/channels/slack.ts';

/** The width of a phone. */
export const pageWidthPx = 412;

const style = `
  body { margin: 0; width: ${pageWidthPx}px; background: #fff; color: #1d1c1d; font: 15px/1.47 Lato, Inter, "Liberation Sans", sans-serif; }
  article { display: flex; gap: 8px; padding: 10px 14px 12px; }
  .avatar { flex: none; width: 36px; height: 36px; border-radius: 8px; background: linear-gradient(135deg, #1565c0 50%, #2e7d32 50%); }
  .message { min-width: 0; flex: 1; }
  .sender b { font-weight: 900; }
  .app { margin: 0 6px; padding: 1px 3px; border-radius: 2px; background: #ddd; font-size: 10px; color: #555; }
  .time, .context { font-size: 12px; color: #616061; }
  h3 { margin: 2px 0 4px; font-size: 18px; line-height: 1.3; font-weight: 900; overflow-wrap: anywhere; }
  p { margin: 0 0 6px; overflow-wrap: anywhere; }
  .attachment { display: flex; gap: 10px; margin-top: 4px; }
  .bar { flex: none; width: 4px; border-radius: 8px; }
  .inside { min-width: 0; flex: 1; }
  .fields { display: grid; grid-template-columns: 1fr 1fr; gap: 6px 12px; margin: 0 0 6px; }
  .fields div { overflow-wrap: anywhere; }
  a { color: #1264a3; text-decoration: none; }
  code { padding: 1px 3px; border: 1px solid #ddd; border-radius: 3px; background: #f8f8f8; color: #c01343; font: 12px "DejaVu Sans Mono", monospace; }
`;

/** All messages below each other, each an `article` with its name as id. */
export function slackPage(messages: readonly (readonly [name: string, message: SlackMessage])[]): string {
  const articles = messages.map(([name, message]) => `<article id="${name}">${slackHtml(message)}</article>`);
  return `<!doctype html><meta charset="utf-8"><style>${style}</style>${articles.join('')}`;
}

/** A post as Slack shows it on a phone in UTC. Supports only the elements that our messages use. */
export function slackHtml({ text, blocks, attachments = [] }: SlackMessage): string {
  const top = blocks === undefined ? `<p>${mrkdwnHtml(text)}</p>` : blocks.map(blockHtml).join('');
  const below = attachments.map(
    ({ color, blocks }) =>
      `<div class="attachment"><div class="bar" style="background:${color}"></div>` +
      `<div class="inside">${blocks.map(blockHtml).join('')}</div></div>`,
  );
  const sender =
    '<div class="sender"><b>bluegreen</b><span class="app">APP</span><span class="time">14:05</span></div>';
  return `<div class="avatar"></div><div class="message">${sender}${top}${below.join('')}</div>`;
}

function blockHtml(block: SlackBlock): string {
  if (block.type === 'header') return `<h3>${textHtml(block.text)}</h3>`;
  if (block.type === 'context') return `<div class="context">${block.elements.map(textHtml).join(' ')}</div>`;
  if ('text' in block) return `<p>${textHtml(block.text)}</p>`;
  return `<div class="fields">${block.fields.map((field) => `<div>${textHtml(field)}</div>`).join('')}</div>`;
}

function textHtml({ type, text }: { readonly type: 'plain_text' | 'mrkdwn'; readonly text: string }): string {
  return type === 'plain_text' ? entities(text) : mrkdwnHtml(text);
}

/** Turns Slack's markup into tags; code spans first, because no markup applies inside them. */
function mrkdwnHtml(text: string): string {
  const marks = /`([^`\n]+)`|<!date\^(\d+)\^([^|>]*)\|[^>]*>|<(https?:[^|>]+)\|([^>]*)>|\*([^*\n]+)\*|\n/g;
  let html = '';
  let end = 0;
  for (const { 0: mark, index, ...groups } of text.matchAll(marks)) {
    const [, code, seconds, format, url, link, bold] = [
      mark,
      groups[1],
      groups[2],
      groups[3],
      groups[4],
      groups[5],
      groups[6],
    ];
    html += entities(text.slice(end, index));
    end = index + mark.length;
    if (code !== undefined) html += `<code>${entities(code)}</code>`;
    else if (seconds !== undefined) html += dateText(Number(seconds) * 1_000, format ?? '');
    else if (url !== undefined) html += `<a href="${entities(url)}">${entities(link ?? '')}</a>`;
    else if (bold !== undefined) html += `<b>${entities(bold)}</b>`;
    else html += '<br>';
  }
  return html + entities(text.slice(end));
}

function dateText(atMs: number, format: string): string {
  const at = new Date(atMs);
  const day = at.toLocaleDateString('en-US', { timeZone: 'UTC', month: 'short', day: 'numeric', year: 'numeric' });
  const time = at.toLocaleTimeString('en-US', { timeZone: 'UTC', hourCycle: 'h23' });
  return format.replace('{date_short_pretty}', day).replace('{time_secs}', time);
}

/** Slack's three escapes are HTML's too. Any other special character would be a bug of the message, and is shown. */
function entities(text: string): string {
  return text
    .replaceAll(/&(?!(amp|lt|gt);)/g, '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
