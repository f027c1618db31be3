import { Pool as Connections } from 'undici';
import type { Target } from './config.ts';

/** Why a check failed, in the words of logs and alerts. Undefined if it passed. */
export type Cause = string | undefined;

/** Reading stops here, so that a long answer does not block the connection. */
const maxBodyBytes = 64 * 1024;

export interface HealthCheck {
  check(): Promise<Cause>;
  close(): Promise<void>;
}

const timedOut = new DOMException('no answer in time', 'TimeoutError');

/**
 * Checks one pool over its own connections, which stay open between checks.
 * @param maxConcurrent the number of checks that can be in flight at the same time
 */
export function healthCheck(
  target: Target,
  { timeoutMs, maxConcurrent }: { timeoutMs: number; maxConcurrent: number },
): HealthCheck {
  const connections = new Connections(target.origin, {
    connections: maxConcurrent,
    connect: { timeout: timeoutMs },
    // Shorter than the keep-alive time of common servers, so that no check uses a connection that is being closed.
    keepAliveTimeout: 4000,
    pipelining: 1,
  });
  return {
    async check() {
      const deadline = new AbortController();
      // An answer that has arrived in time counts even if a busy machine delays this process: Node reads what has arrived
      // between a timer and an immediate.
      const timer = setTimeout(() => setImmediate(() => deadline.abort(timedOut)), timeoutMs);
      try {
        const response = await connections.request({
          method: 'GET',
          path: target.path,
          headers: { 'user-agent': 'bluegreen-prober' },
          signal: deadline.signal,
        });
        if (response.statusCode < 200 || response.statusCode >= 300) {
          await response.body.dump({ limit: maxBodyBytes });
          return `status ${response.statusCode}`;
        }
        return await causeInBody(response.body);
      } catch (error) {
        return causeOf(error);
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

function causeOf(error: unknown): string {
  const { name, code } = error as { name?: string; code?: string };
  if (name === 'TimeoutError' || code === 'UND_ERR_CONNECT_TIMEOUT') return 'timeout';
  switch (code) {
    case 'ECONNREFUSED':
      return 'refused';
    case 'ECONNRESET':
    case 'UND_ERR_SOCKET':
      return 'connection reset';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'unreachable';
    default:
      return code ?? name ?? 'unknown error';
  }
}
