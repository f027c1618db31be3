import type { Server, ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

export interface DrainTimes {
  /** How long the app serves while health checks answer "draining", for the prober to move the traffic away. */
  readonly leaveMs: number;
  /** Counts from the signal. Requests that take longer are cut. */
  readonly limitMs: number;
}

/** `serving`, then `leaving` (only health checks differ), then `closing` (accept nothing new, finish open requests). */
export type DrainPhase = 'serving' | 'leaving' | 'closing';

/** Stops a server without failing a request: it fails its health checks first and closes later. */
export class Drain {
  #phase: DrainPhase = 'serving';
  readonly #server: Server;
  readonly #times: DrainTimes;
  /** Each open connection, with its unfinished responses: more than one if the client pipelines. */
  readonly #connections = new Map<Socket, Set<ServerResponse>>();
  readonly #leftOpen = new WeakSet<Duplex>();

  /** Must be created before the server's other request listeners, so that it sees a request before they answer. */
  constructor(server: Server, times: DrainTimes) {
    this.#server = server;
    this.#times = times;
    server.on('connection', (socket) => this.#followConnection(socket));
    server.on('request', (_request, response) => this.#followResponse(response));
  }

  get phase(): DrainPhase {
    return this.#phase;
  }

  /** An upgraded connection has no responses but is not idle. Its new owner closes it. */
  leaveOpen(connection: Duplex): void {
    this.#leftOpen.add(connection);
  }

  /**
   * Resolves when the last connection has ended.
   * @param beforeClosing is called between the phases, to release connections that would never end otherwise
   * @returns the number of requests that were cut because they took too long
   */
  async run(beforeClosing: () => void): Promise<number> {
    this.#phase = 'leaving';
    await delay(this.#times.leaveMs);
    this.#phase = 'closing';
    beforeClosing();

    // The close() of http.Server destroys "idle" connections, even if their response is written but not yet sent: a slow
    // reader received 4 of 64 MiB. The inherited close() of net.Server only stops accepting connections.
    const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(this.#server, () => resolve()));
    for (const [socket, responses] of this.#connections) {
      if (responses.size === 0 && !this.#leftOpen.has(socket)) socket.destroy();
      for (const response of responses) announceClose(response);
    }

    let cut = 0;
    const limit = setTimeout(() => {
      for (const [socket, responses] of this.#connections) {
        cut += responses.size;
        socket.destroy();
      }
    }, this.#times.limitMs - this.#times.leaveMs);
    await closed;
    clearTimeout(limit);
    return cut;
  }

  #followConnection(socket: Socket): void {
    this.#connections.set(socket, new Set());
    socket.once('close', () => this.#connections.delete(socket));
  }

  #followResponse(response: ServerResponse): void {
    const { socket } = response.req;
    const responses = this.#connections.get(socket);
    responses?.add(response);
    if (this.#phase === 'closing') announceClose(response);
    response.once('close', () => {
      responses?.delete(response);
      // Headers sent before the drain began promised keep-alive, so the client does not close the connection.
      if (this.#phase === 'closing' && responses?.size === 0) socket.destroySoon();
    });
  }
}

function announceClose(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('Connection', 'close');
}
