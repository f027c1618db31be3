import { addressOf } from './address.ts';
import type { Cause } from './cause.ts';
import { Connection } from './connection.ts';
import { startDeadline } from './deadline.ts';
import { accepts, type HealthQuestion } from './question.ts';

/** Shorter than the keep-alive time of common servers, so that few checks use a connection that is being closed. */
const keepAliveMs = 4_000;

interface HttpHealthOptions {
  readonly timeoutMs: number;
  readonly userAgent: string;
}

/** Asks one app, over connections that stay open between checks. */
export class HttpHealth {
  readonly #address: ReturnType<typeof addressOf>;
  readonly #question: HealthQuestion;
  readonly #request: Buffer;
  readonly #timeoutMs: number;
  #connections: Connection[] = [];

  constructor(origin: string, question: HealthQuestion, { timeoutMs, userAgent }: HttpHealthOptions) {
    this.#timeoutMs = timeoutMs;
    this.#address = addressOf(origin);
    this.#question = question;
    const headers = {
      host: new URL(origin).host,
      connection: 'keep-alive',
      ...question.headers,
      'user-agent': userAgent,
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    this.#request = Buffer.from(`GET ${question.path} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1');
  }

  /** The content of the body does not matter, but the body must be complete, or longer than is read of it. */
  async check(): Promise<Cause> {
    let connection = this.#idle() ?? this.#connect();
    const wasKept = connection.idleSinceMs > 0;
    const cancelDeadline = startDeadline(this.#timeoutMs, () => connection.close('timeout'));
    let exchange = await connection.ask(this.#request);
    // The app may have closed the connection for its age while the request was on its way.
    if (wasKept && exchange.wasClosed) {
      connection = this.#connect();
      exchange = await connection.ask(this.#request);
    }
    cancelDeadline();
    const { status, cause } = exchange;
    if (status === undefined || cause === 'timeout' || accepts(this.#question, status)) return cause;
    return `status ${status}`;
  }

  close(): void {
    for (const connection of this.#connections) connection.close('check ended');
  }

  #connect(): Connection {
    const connection = new Connection(this.#address);
    this.#connections.push(connection);
    return connection;
  }

  /** The first in the list, so that those that few checks need become old, and are closed. */
  #idle(): Connection | undefined {
    const sinceMs = performance.now() - keepAliveMs;
    for (const connection of this.#connections) {
      if (connection.isIdle && connection.idleSinceMs < sinceMs) connection.close('unused');
    }
    this.#connections = this.#connections.filter(({ isOpen }) => isOpen);
    return this.#connections.find(({ isIdle }) => isIdle);
  }
}
