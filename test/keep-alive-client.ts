import { Agent, type IncomingMessage, request } from 'node:http';
import { buffer } from 'node:stream/consumers';

const deadlineMs = 10_000;

export interface Answer {
  /** 0 if there was no complete answer. */
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  /** Why there was none. */
  readonly why: string;
}

export interface Asked {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as a POST. */
  readonly body?: Buffer;
}

/** One visitor's keep-alive connection. Requests are never repeated, so that every reset counts. */
export class KeepAliveClient {
  readonly #origin: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(origin: string, headers: Readonly<Record<string, string>>) {
    this.#origin = origin;
    this.#headers = headers;
  }

  async ask({ path, headers = {}, body }: Asked): Promise<Answer> {
    const outgoing = request(this.#origin + path, {
      agent: this.#agent,
      method: body === undefined ? 'GET' : 'POST',
      headers: { ...this.#headers, ...headers, ...(body === undefined ? {} : { 'content-length': body.length }) },
    });
    const tooLate = setTimeout(() => outgoing.destroy(new Error(`not complete within ${deadlineMs} ms`)), deadlineMs);
    try {
      const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
        outgoing.once('response', resolve);
        // Not once(): a connection can fail twice, while it is written to and while it is read from.
        outgoing.on('error', reject);
        outgoing.end(body);
      });
      const whole = await buffer(incoming);
      if (!incoming.complete) throw new Error('the answer is incomplete');
      return { status: incoming.statusCode ?? 0, headers: incoming.headers, body: whole, why: '' };
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const reused = outgoing.reusedSocket ? ' on a reused connection' : '';
      return { status: 0, headers: {}, body: Buffer.alloc(0), why: `${code ?? message}${reused}` };
    } finally {
      clearTimeout(tooLate);
    }
  }

  close(): void {
    this.#agent.destroy();
  }
}
