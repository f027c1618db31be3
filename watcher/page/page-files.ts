import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One file of the page, ready to send. */
export interface PageFile {
  readonly type: string;
  readonly etag: string;
  readonly body: Buffer;
}

const types: { readonly [extension: string]: string } = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const folder = new URL('../../dashboard/', import.meta.url);
const own = (name: string) => fileURLToPath(new URL(name, folder));
const chartLibrary = (name: string) => fileURLToPath(import.meta.resolve(`uplot/dist/${name}`));

const names = [
  'look.css',
  'overview.css',
  'charts.css',
  'lists.css',
  'narrow.css',
  'main.js',
  'stream.js',
  'overview.js',
  'charts.js',
  'chart-look.js',
  'chart-marks.js',
  'series.js',
  'alerts.js',
  'releases.js',
  'certificates.js',
  'watcher.js',
  'elements.js',
  'time.js',
  'icon-blue.svg',
  'icon-green.svg',
  'icon-bad.svg',
  'icon-warning.svg',
  'icon-unknown.svg',
] as const;

/** Every path that is served. */
const paths: ReadonlyMap<string, string> = new Map([
  ['/', own('index.html')],
  ...names.map((name) => [`/dashboard/${name}`, own(name)] as const),
  ['/dashboard/uplot.js', chartLibrary('uPlot.iife.min.js')],
  ['/dashboard/uplot.css', chartLibrary('uPlot.min.css')],
]);

const read = new Map<string, PageFile>();

/** The file served under a path, read at the first request; undefined if there is none. */
export function pageFile(path: string): PageFile | undefined {
  const file = paths.get(path);
  if (file === undefined) return undefined;
  let page = read.get(path);
  if (page === undefined) {
    const body = readFileSync(file);
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
    page = { type: types[extname(file)] ?? 'application/octet-stream', etag, body };
    read.set(path, page);
  }
  return page;
}

/** The hash of the page's inline script, in the form of a Content-Security-Policy. */
export function inlineScriptDigest(): string {
  const [, script = ''] = /<script>(.*?)<\/script>/s.exec(String(pageFile('/')?.body)) ?? [];
  return `sha256-${createHash('sha256').update(script).digest('base64')}`;
}
