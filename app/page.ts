import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { RequestHandler } from 'express';

const pageFile = new URL('../public/index.html', import.meta.url);

/** `public/index.html`, with a policy that allows only its own style and script, by their digests. */
export function page(): RequestHandler {
  const html = readFileSync(pageFile, 'utf8');
  const policy = [
    "default-src 'none'",
    `style-src ${digestsOf(html, 'style')}`,
    `script-src ${digestsOf(html, 'script')}`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return (_request, response) => {
    response.set({ 'Content-Security-Policy': policy, 'Referrer-Policy': 'no-referrer' }).type('html').send(html);
  };
}

function digestsOf(html: string, element: 'style' | 'script'): string {
  const contents = html.matchAll(new RegExp(`<${element}>(.*?)</${element}>`, 'gs'));
  return [...contents]
    .map(([, text = '']) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`)
    .join(' ');
}
