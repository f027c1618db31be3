import type { Cause } from './cause.ts';
import { HttpHealth } from './http.ts';
import type { HealthQuestion } from './question.ts';
import { checkConnection } from './tcp.ts';

export interface HealthCheck {
  check(): Promise<Cause>;
  close(): void;
}

export interface CheckOptions {
  readonly timeoutMs: number;
  /** Who asks, for the log of the app. */
  readonly userAgent?: string;
  /** For a TCP check, how long the connection must stay open; see {@link checkConnection}. */
  readonly stayMs?: number | undefined;
}

/** Checks one pool over its own connections, which stay open between checks; a TCP check opens one each time. */
export function healthCheck(
  origin: string,
  question: HealthQuestion,
  { timeoutMs, userAgent = 'bluegreen-prober', stayMs }: CheckOptions,
): HealthCheck {
  if (question.check === 'tcp') {
    return { check: () => checkConnection(origin, { timeoutMs, stayMs }), close: () => {} };
  }
  const health = new HttpHealth(origin, question, { timeoutMs, userAgent });
  return { check: () => health.check(), close: () => health.close() };
}
