import { Client } from 'undici';
import type { Target } from './config.ts';

/** Why a check failed, in the words that logs and alerts use; undefined: it was good. */
export type Cause = string | undefined;

export interface HealthCheck {
  check(): Promise<Cause>;
  close(): Promise<void>;
}

/** Checks one pool over a connection of its own, kept open between checks. */
export function healthCheck(target: Target, timeoutMs: number): HealthCheck {
  const client = new Client(target.origin, {
    connect: { timeout: timeoutMs },
    // Shorter than what servers keep an idle connection for, so that a check never runs into one that just closes.
    keepAliveTimeout: 4000,
    pipelining: 1,
  });
  return {
    async check() {
      try {
        const response = await client.request({
          method: 'GET',
          path: target.path,
          headers: { 'user-agent': 'bluegreen-prober' },
          signal: AbortSignal.timeout(timeoutMs),
        });
        // What the answer says beyond its status does not matter; a long one must not hold the connection up.
        await response.body.dump({ limit: 64 * 1024 });
        return response.statusCode >= 200 && response.statusCode < 300 ? undefined : `status ${response.statusCode}`;
      } catch (error) {
        return causeOf(error);
      }
    },
    close: () => client.destroy(),
  };
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
