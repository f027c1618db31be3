import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';

const echoDeadlineMs = 3_000;
const thinkMs = 100;
const comeAgainMs = 200;
/** Going away, service restart: both ask the client to come again. */
const restartCodes = [1001, 1012];

/** What its owner is told. */
export interface SocketReport {
  /** A message is on its way; the promise is kept when its echo is there, and broken if that does not come in time. */
  sent(echo: Promise<string>): void;
  restarted(): void;
  /** A handshake was answered with something else; true: that is as it is to be, and it tries again. */
  refused(status: number, retryAfter: string | undefined): boolean;
  failed(why: string): void;
}

/** A visitor with a WebSocket: says something every 100 ms, wants to hear it again, and comes again when asked to. */
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
      // What a closing connection did not answer is said again on the next one, as any client of a WebSocket must.
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
    await delay(comeAgainMs);
    return undefined;
  }

  #closed(code: number, reason: string): void {
    if (!this.#running) return;
    if (restartCodes.includes(code)) this.#report.restarted();
    else this.#report.failed(`closed with ${code} ${reason}`);
  }
}

/** Who answered. Resolves with "" when the connection is closed first, which is judged by its code. */
async function echoOf(socket: WebSocket, word: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const tooLate = setTimeout(() => reject(new Error(`no echo within ${echoDeadlineMs} ms`)), echoDeadlineMs);
  const onMessage = (data: unknown) => {
    const { pool, echo } = JSON.parse(String(data));
    if (echo === word) resolve(pool);
    else reject(new Error(`the echo of ${word} is ${echo}`));
  };
  const onClose = () => resolve('');
  socket.once('message', onMessage).once('close', onClose);
  try {
    socket.send(word);
    return await promise;
  } finally {
    clearTimeout(tooLate);
    socket.off('message', onMessage).off('close', onClose);
  }
}
