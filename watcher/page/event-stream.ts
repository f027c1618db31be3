import type { IncomingMessage, ServerResponse } from 'node:http';

export interface EventStreamOptions {
  /** Further clients are rejected. */
  readonly maxClients: number;
  /** A client with more unread data is disconnected: it reconnects and gets the whole state. */
  readonly maxUnreadBytes: number;
  /** So is a client that has had unread data for longer than this. */
  readonly maxUnreadMs: number;
  /** Called when the first client connects and when the last one has left. */
  readonly watched: (isWatched: boolean) => void;
}

/** How soon a browser reconnects after it has lost the connection. */
const retryMs = 1_000;

/** Server-sent events to a limited number of clients, with a limited amount of unread data for each. */
export class EventStream {
  readonly #options: EventStreamOptions;
  /** Since when each client has had unread data, in ms; null if it has read everything. */
  readonly #clients = new Map<ServerResponse, number | null>();

  constructor(options: EventStreamOptions) {
    this.#options = options;
  }

  /**
   * Accepts a client; returns false if there are too many.
   * @param first returns the event that the client gets at once
   */
  open(request: IncomingMessage, response: ServerResponse, first: () => string): boolean {
    if (this.#clients.size >= this.#options.maxClients) return false;
    const text = request.method === 'HEAD' ? '' : first();
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // Without it, nginx as a proxy would hold events back until a buffer is full.
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

  /** Sends an event to all clients. */
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
