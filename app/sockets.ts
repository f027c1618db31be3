import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { RequestHandler } from 'express';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Chaos, ChaosMode } from './chaos.ts';
import { slowMs } from './chaos-fault.ts';
import type { Identity } from './identity.ts';

const path = '/socket';
const maxSockets = 1_000;
/** Well within the minute after which the edge closes a silent connection. */
const pingMs = 25_000;

/** Modes that do not fail a handshake; the other modes fail it like any request. */
const unaffectedModes: readonly ChaosMode[] = ['slow', 'disk'];

// RFC 6455, section 7.4.1, and the IANA registry of close codes.
const unsupportedData = 1003;
const serviceRestart = 1012;

const options = {
  noServer: true,
  maxPayload: 64 * 1024,
  perMessageDeflate: false,
  // How long to wait for a client to answer the close. The option is missing from the types of the package.
  closeTimeout: 2_000,
};

/** The WebSockets at /socket. Each text message is answered in order, with the pool and release that received it. */
export class Sockets {
  readonly #identity: Identity;
  readonly #chaos: Chaos;
  readonly #server = new WebSocketServer({
    ...options,
    verifyClient: (_info, answer) => answer(this.#server.clients.size < maxSockets, 503),
  });
  readonly #silent = new WeakSet<WebSocket>();

  constructor(identity: Identity, chaos: Chaos) {
    this.#identity = identity;
    this.#chaos = chaos;
    this.#server.on('headers', (headers) => {
      headers.push(`X-App-Pool: ${identity.pool}`, `X-Release-Id: ${identity.release}`);
    });
    setInterval(() => this.#ping(), pingMs).unref();
  }

  /** Whether a request is a handshake to accept. All others are handled as plain requests, which chaos applies to. */
  wants({ method, url, headers }: IncomingMessage): boolean {
    const isHandshake =
      method === 'GET' &&
      url?.split('?', 1)[0] === path &&
      headers.upgrade?.toLowerCase() === 'websocket' &&
      headers['sec-websocket-version'] === '13' &&
      /^[+/0-9A-Za-z]{22}==$/.test(headers['sec-websocket-key'] ?? '');
    return isHandshake && (this.#chaos.mode === undefined || unaffectedModes.includes(this.#chaos.mode));
  }

  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const handshake = () => this.#server.handleUpgrade(request, socket, head, (opened) => this.#serve(opened));
    if (this.#chaos.mode !== 'slow') {
      handshake();
      return;
    }
    socket.on('error', () => socket.destroy());
    const timer = setTimeout(handshake, slowMs);
    socket.once('close', () => clearTimeout(timer));
  }

  /** Asks all clients to reconnect, which takes them to another process, and refuses new handshakes. */
  close(): void {
    this.#server.close();
    for (const socket of this.#server.clients) socket.close(serviceRestart, 'service restart');
  }

  #serve(socket: WebSocket): void {
    // On a protocol error or a message over the limit, the package closes the socket with the matching code.
    socket.on('error', () => undefined);
    socket.on('pong', () => this.#silent.delete(socket));
    socket.on('message', (data, isBinary) => {
      if (isBinary) {
        socket.close(unsupportedData, 'text only');
        return;
      }
      // Reading pauses until the answer has been sent: a client that never reads fills its own buffers, not ours.
      socket.pause();
      const { pool, release } = this.#identity;
      socket.send(JSON.stringify({ pool, release, echo: String(data) }), () => socket.resume());
    });
  }

  #ping(): void {
    for (const socket of this.#server.clients) {
      if (this.#silent.has(socket)) {
        socket.terminate();
        continue;
      }
      this.#silent.add(socket);
      socket.ping();
    }
  }
}

/** Answers plain HTTP requests to the path of the WebSocket. */
export const expectsWebSocket: RequestHandler = (_request, response) => {
  response
    .status(426)
    .set({ Upgrade: 'websocket', Connection: 'close, Upgrade' })
    .json({ status: 'error', message: 'expected a WebSocket handshake' });
};
