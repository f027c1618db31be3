import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';

const echoDeadlineMs = 3_000;
const thinkMs = 100;
const reconnectMs = 200;
/** Going away and service restart: both ask the client to reconnect. */
const restartCodes = [1001, 1012];

/** Receives the events of a client. */
export interface SocketReport {
  /** A message was sent. The promise resolves with its echo, and rejects if that does not arrive in time. */
  sent(echo: Promise<string>): void;
  restarted(): void;
  /** A handshake was refused. Returns whether that is expected. The client retries in any case. */
  refused(status: number, retryAfter: string | undefined): boolean;
  failed(why: string): void;
}

/** A visitor with a WebSocket: sends a message every 100 ms, expects its echo, and reconnects when asked to. */
export class SocketClient {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #report: SocketReport;
  #socket: WebSocket | undefined;
  #running = true;

  constructor(url: string, headers: Readonly<Record<string, string>>, report: SocketReport) {
    this.#url = url;
    this.#headers = headers;
    this.#report = report;
  }

  async run(): Promise<void> {
    let count = 0;
    while (this.#running) {
      const socket = await this.#open();
      // A message that a closing connection did not answer is sent again on the next one, as every WebSocket client must.
      while (socket !== undefined && this.#running && socket.readyState === WebSocket.OPEN) {
        const echo = echoOf(socket, `${count++}`);
        this.#report.sent(echo);
        await echo.catch(() => undefined);
        await delay(thinkMs);
      }
    }
  }

  async stop(): Promise<void> {
    this.#running = false;
    const socket = this.#socket;
    if (socket === undefined || socket.readyState === WebSocket.CLOSED) return;
    const closed = once(socket, 'close');
    socket.close();
    await closed;
  }

  async #open(): Promise<WebSocket | undefined> {
    const socket = new WebSocket(this.#url, { headers: this.#headers });
    let refusal: { status: number; retryAfter: string | undefined } | undefined;
    socket.on('unexpected-response', (request, { statusCode = 0, headers }) => {
      refusal = { status: statusCode, retryAfter: headers['retry-after'] };
      request.destroy();
    });
    const outcome = await new Promise<'open' | Error>((resolve) => {
      socket.once('open', () => resolve('open'));
      socket.once('close', () => resolve(new Error('closed before it was open')));
      socket.on('error', resolve);
    });
    if (outcome === 'open') {
      this.#socket = socket;
      socket.once('close', (code, reason) => this.#closed(code, String(reason)));
      return socket;
    }
    const isExpected = refusal !== undefined && this.#report.refused(refusal.status, refusal.retryAfter);
    if (!isExpected) this.#report.failed(`no handshake: ${refusal?.status ?? outcome.message}`);
    await delay(reconnectMs);
    return undefined;
  }

  #closed(code: number, reason: string): void {
    if (!this.#running) return;
    if (restartCodes.includes(code)) this.#report.restarted();
    else this.#report.failed(`closed with ${code} ${reason}`);
  }
}

/** The pool that answered, or "" if the connection is closed first, which is judged by its close code. */
async function echoOf(socket: WebSocket, text: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const tooLate = setTimeout(() => reject(new Error(`no echo within ${echoDeadlineMs} ms`)), echoDeadlineMs);
  const onMessage = (data: unknown) => {
    const { pool, echo } = JSON.parse(String(data));
    if (echo === text) resolve(pool);
    else reject(new Error(`the echo of ${text} is ${echo}`));
  };
  const onClose = () => resolve('');
  socket.once('message', onMessage).once('close', onClose);
  try {
    socket.send(text);
    return await promise;
  } finally {
    clearTimeout(tooLate);
    socket.off('message', onMessage).off('close', onClose);
  }
}
