import { setTimeout as delay } from 'node:timers/promises';
import type { Failure } from './backoff.ts';
import { askFor, withProbe } from './challenge-probe.ts';

const againMs = 500;

export interface EdgeOptions {
  /** `HOST:PORT` of the edge. */
  readonly address: string;
  readonly publicDirectory: string;
  /** How long an edge that starts at the same time is waited for. */
  readonly patienceMs: number;
  readonly signal: AbortSignal;
}

/** Whether the edge serves challenges. Without it, an attempt would fail, and the CA would count it. */
export async function edgeFailure(domain: string, options: EdgeOptions): Promise<Failure | undefined> {
  const { address, publicDirectory, patienceMs, signal } = options;
  const deadlineMs = Date.now() + patienceMs;
  for (;;) {
    const answer = await withProbe(publicDirectory, (probe) => askFor(probe, { address, domain }));
    if (answer === 'ours' || signal.aborted) return undefined;
    if (Date.now() > deadlineMs) {
      const what = typeof answer === 'object' ? answer.other : 'it does not answer';
      return { kind: 'local', message: `the edge does not serve the challenges of the CA: ${what}` };
    }
    await delay(againMs, undefined, { signal }).catch(() => undefined);
  }
}
