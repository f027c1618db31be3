import type { IncomingMessage, ServerResponse } from 'node:http';

export interface EventStreamOptions {
  /** More are turned away. */
  readonly maxClients: number;
  /** A client that leaves more than this unread is cut: it comes back and gets the whole state. */
  readonly maxUnreadBytes: number;
  /** So is one that has not read to the end for so long. */
  readonly maxUnreadMs: number;
  /** Called when the first client comes and when the last one has gone. */
  readonly watched: (isWatched: boolean) => void;
}

/** How soon a browser that lost us asks again. */
const retryMs = 1_000;

/** Server-sent events to a bounded number of clients, none of which can make us keep more than a bounded number of bytes. */
export class EventStream {
  readonly #options: EventStreamOptions;
  /** Since when a client has not read all that was sent to it; null: it has. */
  readonly #clients = new Map<ServerResponse, number | null>();

  constructor(options: EventStreamOptions) {
    this.#options = options;
  }

  /**
   * Takes a client; false: there are too many.
   * @param first the event that it gets at once
   */
  open(request: IncomingMessage, response: ServerResponse, first: () => string): boolean {
    if (this.#clients.size >= this.#options.maxClients) return false;
    const text = request.method === 'HEAD' ? '' : first();
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // nginx in front of it would keep events back until a buffer is full.
      'x-accel-buffering': 'no',
    });
    if (request.method === 'HEAD') {
      response.end();
      return true;
    }
    request.socket.setNoDelay(true);
    request.socket.setKeepAlive(true, 30_000);
    this.#clients.set(response, null);
    response.once('close', () => this.#gone(response));
    response.on('error', () => response.destroy());
    response.write(`retry: ${retryMs}\n\n${text}`);
    if (this.#clients.size === 1) this.#options.watched(true);
    return true;
  }

  /** Sends an event to all of them. */
  send(text: string): void {
    const { maxUnreadBytes, maxUnreadMs } = this.#options;
    const nowMs = performance.now();
    for (const [response, unreadMs] of this.#clients) {
      const sinceMs = response.writableLength === 0 ? null : (unreadMs ?? nowMs);
      this.#clients.set(response, sinceMs);
      const isTooSlow = sinceMs !== null && nowMs - sinceMs > maxUnreadMs;
      if (isTooSlow || response.writableLength > maxUnreadBytes) response.destroy();
      else response.write(text);
    }
  }

  #gone(response: ServerResponse): void {
    if (this.#clients.delete(response) && this.#clients.size === 0) this.#options.watched(false);
  }
}

/** An event as it goes over the wire. */
export function eventText(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
