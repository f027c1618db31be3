import { setTimeout as delay } from 'node:timers/promises';
import { healthCheck } from '../../prober/health-check.ts';
import { judge, type Verdict } from '../../prober/verdict.ts';
import type { Pool } from '../../settings/pool.ts';
import { edgeStatus } from '../control-state.ts';
import type { Engine } from '../engine.ts';
import { ask, excerpt } from '../http.ts';
import { directUrl, type Stack } from '../stack.ts';
import type { Say } from '../steps.ts';
import { GateFailure } from './gate-failure.ts';

/**
 * Waits until a pool is healthy by the prober's own rule, and the prober and the edge think so too.
 * @throws {GateFailure} after the time limit, with the last answer
 */
export async function becomeHealthy(
  stack: Stack,
  engine: Engine,
  pool: Pool,
  limitMs: number,
  { say, signal }: { readonly say: Say; readonly signal: AbortSignal },
): Promise<string> {
  const { PROBE_TIMEOUT_MS: timeoutMs, PROBE_INTERVAL_MS: intervalMs } = stack.settings;
  const thresholds = { fall: stack.settings.PROBE_FALL, rise: stack.settings.PROBE_RISE };
  const origin = directUrl(stack, pool);
  const check = healthCheck({ pool, origin, path: stack.settings.HEALTH_PATH, flag: '' }, { timeoutMs, atOnce: 1 });
  const deadline = Date.now() + limitMs;
  // Of the container before, the prober may still think well.
  let verdict: Verdict = { down: true, inARow: 0, cause: 'not asked yet' };
  try {
    while (Date.now() < deadline) {
      verdict = judge(verdict, await check.check(), thresholds);
      if (!verdict.down && !(await edgeStatus(engine)).down[pool]) return `${thresholds.rise} good checks in a row`;
      say(verdict.down ? (verdict.cause ?? 'starting') : 'waiting for the prober to see it');
      await delay(intervalMs, undefined, { signal });
    }
  } finally {
    await check.close();
  }
  throw new GateFailure('health', `not healthy within ${limitMs / 1_000} s; ${await lastAnswer(stack, pool)}`);
}

/** What the health check says, so that a person sees more than a status. */
async function lastAnswer(stack: Stack, pool: Pool): Promise<string> {
  const url = directUrl(stack, pool) + stack.settings.HEALTH_PATH;
  const { status, body } = await ask(url);
  if (status === 0) return `${url} does not answer`;
  const said = excerpt(body);
  return `${url} answers ${status}${said === '' ? '' : `: ${said}`}`;
}
