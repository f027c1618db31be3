import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { RequestHandler } from 'express';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Chaos, ChaosMode } from './chaos.ts';
import { slowMs } from './chaos-fault.ts';
import type { Identity } from './identity.ts';

const path = '/socket';
const maxSockets = 1_000;
/** Well within the minute for which the edge lets a connection be silent. */
const pingMs = 25_000;

/** Chaos that lets a handshake through; in the other modes it is broken as any request. */
const harmless: readonly ChaosMode[] = ['slow', 'disk', 'poison'];

// RFC 6455, section 7.4.1, and the registry that it made.
const unsupportedData = 1003;
const serviceRestart = 1012;

const options = {
  noServer: true,
  maxPayload: 64 * 1024,
  perMessageDeflate: false,
  // A client that does not answer the close is not waited for; the option is not in the package's types yet.
  closeTimeout: 2_000,
};

/** The WebSockets at /socket: each text message is answered with who got it, in the order in which they came. */
export class Sockets {
  readonly #identity: Identity;
  readonly #chaos: Chaos;
  readonly #server = new WebSocketServer({
    ...options,
    verifyClient: (_handshake, answer) => answer(this.#server.clients.size < maxSockets, 503),
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

  /** Whether a request is a handshake that will be answered; any other is a request like all, and chaos has those. */
  wants({ method, url, headers }: IncomingMessage): boolean {
    const isHandshake =
      method === 'GET' &&
      url?.split('?', 1)[0] === path &&
      headers.upgrade?.toLowerCase() === 'websocket' &&
      headers['sec-websocket-version'] === '13' &&
      /^[+/0-9A-Za-z]{22}==$/.test(headers['sec-websocket-key'] ?? '');
    return isHandshake && (this.#chaos.mode === undefined || harmless.includes(this.#chaos.mode));
  }

  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const shake = () => this.#server.handleUpgrade(request, socket, head, (opened) => this.#serve(opened));
    if (this.#chaos.mode !== 'slow') {
      shake();
      return;
    }
    socket.on('error', () => socket.destroy());
    const timer = setTimeout(shake, slowMs);
    socket.once('close', () => clearTimeout(timer));
  }

  /** Asks every client to come again, which it will do somewhere else; late handshakes are refused. */
  close(): void {
    this.#server.close();
    for (const socket of this.#server.clients) socket.close(serviceRestart, 'service restart');
  }

  #serve(socket: WebSocket): void {
    // What breaks the protocol or the limit is closed by the package, with the code that says so.
    socket.on('error', () => undefined);
    socket.on('pong', () => this.#silent.delete(socket));
    socket.on('message', (data, isBinary) => {
      if (isBinary) {
        socket.close(unsupportedData, 'text only');
        return;
      }
      // Nothing is read before the answer is out: a client that only sends fills its own buffers, not ours.
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

/** For whoever asks for the WebSocket in plain HTTP. */
export const expectsWebSocket: RequestHandler = (_request, response) => {
  response
    .status(426)
    .set({ Upgrade: 'websocket', Connection: 'close, Upgrade' })
    .json({ status: 'error', message: 'expected a WebSocket handshake' });
};
