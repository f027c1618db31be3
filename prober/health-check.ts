import { Pool as Connections } from 'undici';
import type { Target } from './config.ts';

/** Why a check failed, in the words that logs and alerts use; undefined: it was good. */
export type Cause = string | undefined;

/** A longer answer must not hold the connection up. */
const maxBodyBytes = 64 * 1024;

export interface HealthCheck {
  check(): Promise<Cause>;
  close(): Promise<void>;
}

const timedOut = new DOMException('no answer in time', 'TimeoutError');

/**
 * Checks one pool over connections of its own, kept open between checks.
 * @param atOnce so many checks can be on their way at the same time
 */
export function healthCheck(target: Target, { timeoutMs, atOnce }: { timeoutMs: number; atOnce: number }): HealthCheck {
  const connections = new Connections(target.origin, {
    connections: atOnce,
    connect: { timeout: timeoutMs },
    // Shorter than what servers keep an idle connection for, so that a check never runs into one that just closes.
    keepAliveTimeout: 4000,
    pipelining: 1,
  });
  return {
    async check() {
      const deadline = new AbortController();
      // An answer that is there already counts, however late a busy machine lets this process read it: what has arrived is
      // read between a timer and an immediate.
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

/** What a good answer says does not matter, but it has to come to its end, unless it is a long one. */
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
