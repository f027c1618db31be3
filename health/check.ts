import { Pool as Connections } from 'undici';
import { type Cause, causeOf } from './cause.ts';
import { accepts, type HealthQuestion } from './question.ts';
import { checkConnection } from './tcp.ts';

/** Reading stops here, so that a long answer does not block the connection. */
const maxBodyBytes = 64 * 1024;

export interface HealthCheck {
  check(): Promise<Cause>;
  close(): Promise<void>;
}

const timedOut = new DOMException('no answer in time', 'TimeoutError');

export interface CheckOptions {
  readonly timeoutMs: number;
  /** The number of checks that can be in flight at the same time. */
  readonly maxConcurrent: number;
  /** Who asks, for the log of the app. */
  readonly userAgent?: string;
  /** For a TCP check, how long the connection must stay open; see {@link checkConnection}. */
  readonly stayMs?: number | undefined;
}

/** Checks one pool over its own connections, which stay open between checks; a TCP check opens one each time. */
export function healthCheck(
  origin: string,
  question: HealthQuestion,
  { timeoutMs, maxConcurrent, userAgent = 'bluegreen-prober', stayMs }: CheckOptions,
): HealthCheck {
  const connections = new Connections(origin, {
    connections: maxConcurrent,
    connect: { timeout: timeoutMs },
    // Shorter than the keep-alive time of common servers, so that no check uses a connection that is being closed.
    keepAliveTimeout: 4000,
    pipelining: 1,
  });
  const headers = { ...question.headers, 'user-agent': userAgent };

  async function ask(signal: AbortSignal): Promise<Cause> {
    try {
      const { statusCode, body } = await connections.request({ method: 'GET', path: question.path, headers, signal });
      if (accepts(question, statusCode)) return await causeInBody(body);
      await body.dump({ limit: maxBodyBytes });
      return `status ${statusCode}`;
    } catch (error) {
      return causeOf(error);
    }
  }

  return {
    async check() {
      const deadline = new AbortController();
      // An answer that has arrived in time counts even if a busy machine delays this process: Node reads what has arrived
      // between a timer and an immediate.
      const timer = setTimeout(() => setImmediate(() => deadline.abort(timedOut)), timeoutMs);
      const { signal } = deadline;
      try {
        return await (question.check === 'tcp' ? checkConnection(origin, { signal, stayMs }) : ask(signal));
      } finally {
        clearTimeout(timer);
      }
    },
    close: () => connections.destroy(),
  };
}

/** The content of the body does not matter, but the body must be complete or longer than `maxBodyBytes`. */
async function causeInBody(body: AsyncIterable<Buffer>): Promise<Cause> {
  let read = 0;
  try {
    for await (const chunk of body) {
      read += chunk.length;
      if (read > maxBodyBytes) break;
    }
    return undefined;
  } catch (error) {
    const cause = causeOf(error);
    return cause === 'connection reset' ? 'answer cut off' : cause;
  }
}
