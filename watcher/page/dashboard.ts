import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Chronicle, DashboardEvents, Now } from '../../report/dashboard.ts';
import type { Past } from '../past/past.ts';
import { allPoints, newestPoints, newestSeconds } from '../past/points.ts';
import { EventStream, eventText } from './event-stream.ts';
import { inlineScriptDigest, pageFile } from './page-files.ts';

export interface Present {
  readonly now: () => Now;
  /** The time up to which the log has been read. */
  readonly knownMs: () => number;
  /** Reports an exception in the dashboard, once for each message; the watcher continues. */
  readonly fault: (error: unknown) => void;
}

/** How often the page's overview is checked for changes; everything else is sent once a second. */
const checkMs = 200;
/** All lines of a second are read this long after its end. */
const settledMs = 150;
const maxClients = 16;
const maxUnreadBytes = 1024 * 1024;
const maxUnreadMs = 20_000;
const maxFaults = 100;

const tooMany = `${maxClients} pages of the dashboard are open, which is the limit: close one.\n`;

const headers = () => ({
  'content-security-policy': [
    "default-src 'none'",
    `script-src 'self' '${inlineScriptDigest()}'`,
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    // Scripts can insert text into the page only as text.
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
});

/** Serves the page, its files and the events that keep it up to date. Read-only. */
export class Dashboard {
  readonly #past: Past;
  readonly #present: Present;
  readonly #stream: EventStream;
  #timer: NodeJS.Timeout | undefined;
  #second = 0;
  #overview = '';
  #version = 0;
  #tickedMs = 0;
  #wasEmpty = true;
  #first: string | undefined;
  /** The messages that have been reported. */
  readonly #faults = new Set<string>();

  constructor(past: Past, present: Present) {
    this.#past = past;
    this.#present = present;
    const watched = (isWatched: boolean) => this.#watched(isWatched);
    this.#stream = new EventStream({ maxClients, maxUnreadBytes, maxUnreadMs, watched });
  }

  /** Answers requests to the dashboard; returns false for any other path. */
  readonly answer = (path: string, request: IncomingMessage, response: ServerResponse): boolean => {
    try {
      return this.#answer(path, request, response);
    } catch (error) {
      this.#report(error);
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end();
      return true;
    }
  };

  #answer(path: string, request: IncomingMessage, response: ServerResponse): boolean {
    const file = path === '/events' ? undefined : pageFile(path);
    if (file === undefined && path !== '/events') return false;
    for (const [name, value] of Object.entries(headers())) response.setHeader(name, value);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
    } else if (file === undefined) {
      this.#open(request, response);
    } else if (request.headers['if-none-match'] === file.etag) {
      response.writeHead(304, { etag: file.etag, 'cache-control': 'no-cache' }).end();
    } else {
      const { type, etag, body } = file;
      response.writeHead(200, {
        'content-type': type,
        'content-length': body.length,
        etag,
        'cache-control': 'no-cache',
      });
      response.end(request.method === 'HEAD' ? undefined : body);
    }
    return true;
  }

  #open(request: IncomingMessage, response: ServerResponse): void {
    if (this.#stream.open(request, response, () => this.#state())) return;
    response.writeHead(503, { 'retry-after': '5', 'content-type': 'text/plain; charset=utf-8' });
    response.end(request.method === 'HEAD' ? undefined : tooMany);
  }

  /** An exception that nobody catches would end the watcher, and alerts matter more than a page. */
  #report(error: unknown): void {
    const text = String(error);
    if (this.#faults.has(text) || this.#faults.size >= maxFaults) return;
    this.#faults.add(text);
    this.#present.fault(error);
  }

  #watched(isWatched: boolean): void {
    clearInterval(this.#timer);
    this.#first = undefined;
    this.#second = Math.floor(this.#untilMs() / 1_000);
    this.#wasEmpty = this.#past.requests.seconds.head === 0;
    this.#timer = isWatched ? setInterval(this.#check, checkMs) : undefined;
  }

  /** The state event. All clients that connect before the next change share one text: after a restart they connect at once. */
  #state(): string {
    if (this.#first !== undefined) return this.#first;
    const { requests, releases } = this.#past;
    releases.look();
    const now = this.#present.now();
    const series = allPoints(requests, this.#untilMs());
    const state: DashboardEvents['state'] = { atMs: Date.now(), now, series, chronicle: this.#chronicle() };
    this.#first = eventText('state', state);
    return this.#first;
  }

  readonly #check = (): void => {
    try {
      this.#sendChanges();
    } catch (error) {
      this.#report(error);
    }
  };

  #sendChanges(): void {
    const { requests, releases } = this.#past;
    releases.look();
    const atMs = Date.now();
    const now = this.#present.now();
    const second = Math.floor(this.#untilMs() / 1_000);
    const overview = JSON.stringify([now.statement, now.problems, now.pools]);
    const version = this.#versionNow();
    // An event goes out every second, so that a page knows that the watcher is there.
    const isNewSecond = second !== this.#second || Math.abs(atMs - this.#tickedMs) >= 1_000;
    const isNewVersion = version !== this.#version;
    if (!isNewSecond && !isNewVersion && overview === this.#overview) return;
    // A backlog has been read, or the clock was set back: more has changed than a tick carries.
    const isFar = second - this.#second > newestSeconds - 1 || second < this.#second - 1;
    const hasJumped = isFar || (this.#wasEmpty && requests.seconds.head > 0);
    this.#wasEmpty = requests.seconds.head === 0;
    this.#second = second;
    if (isNewSecond) this.#tickedMs = atMs;
    this.#first = undefined;
    this.#overview = overview;
    this.#version = version;
    if (hasJumped) {
      this.#stream.send(this.#state());
      return;
    }
    const series = isNewSecond ? newestPoints(requests, this.#untilMs()) : null;
    const chronicle = isNewVersion ? this.#chronicle() : null;
    const tick: DashboardEvents['tick'] = { atMs, now, series, chronicle };
    this.#stream.send(eventText('tick', tick));
  }

  #chronicle(): Chronicle {
    const { marks, alerts, releases } = this.#past;
    return { marks: marks.all, releases: releases.reports(), alerts: alerts.reports() };
  }

  #versionNow(): number {
    const { marks, alerts, releases } = this.#past;
    return marks.version + alerts.version + releases.version;
  }

  #untilMs(): number {
    return this.#present.knownMs() - settledMs;
  }
}
