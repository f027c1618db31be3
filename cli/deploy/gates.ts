import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { execa } from 'execa';
import { healthCheck } from '../../health/check.ts';
import { accepts, hintFor } from '../../health/question.ts';
import { judge, type Verdict } from '../../prober/verdict.ts';
import type { Pool } from '../../settings/pool.ts';
import { askEdge } from '../edge/ask-edge.ts';
import { edgeStatus } from '../edge/control-state.ts';
import { ask, excerpt, isOk } from '../edge/http.ts';
import { stayMs } from '../edge/pool-status.ts';
import type { Engine } from '../engine/engine.ts';
import { directUrl, questionOf, type Stack } from '../stack/stack.ts';
import type { Say } from '../terminal/steps.ts';
import { exitText, type HookEnvironment, killLeftovers } from './hooks.ts';

/** A release failed a gate. */
export class GateFailure extends Error {
  readonly code = 'GATE';
  /** The gate, as in "smoke" or "canary 5%". */
  readonly gate: string;

  constructor(gate: string, message: string) {
    super(message);
    this.name = 'GateFailure';
    this.gate = gate;
  }
}

/**
 * Waits until a pool is healthy by the prober's rule, and until the prober has marked it up and the edge has followed.
 * @throws {GateFailure} after the time limit, with the last response
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
  const options = { timeoutMs, stayMs };
  const check = healthCheck(directUrl(stack, pool), questionOf(stack), options);
  const deadline = Date.now() + limitMs;
  // The prober's own flag may still be about the previous container, so the pool starts as down here.
  let verdict: Verdict = { down: true, inARow: 0, cause: 'not checked yet' };
  try {
    while (Date.now() < deadline) {
      verdict = judge(verdict, await check.check(), thresholds);
      if (!verdict.down && !(await edgeStatus(engine)).down[pool])
        return `${thresholds.rise} health checks passed in a row`;
      say(verdict.down ? (verdict.cause ?? 'starting') : 'waiting for the prober to mark it up');
      await delay(intervalMs, undefined, { signal });
    }
  } finally {
    check.close();
  }
  throw new GateFailure('health', `not healthy within ${limitMs / 1_000} s; ${await lastAnswer(stack, pool)}`);
}

/** The response to the health check with the beginning of its body, as a status alone explains little. */
async function lastAnswer(stack: Stack, pool: Pool): Promise<string> {
  const question = questionOf(stack);
  if (question.check === 'tcp') return `${directUrl(stack, pool)} accepts no connection`;
  const url = directUrl(stack, pool) + question.path;
  const { status, headers, body } = await ask(url, { headers: question.headers });
  if (status === 0) return `${url} does not answer`;
  const location = headers.get('location');
  const text = location === null ? excerpt(body) : `Location: ${excerpt(location)}`;
  const hint = accepts(question, status) ? undefined : hintFor(question, `status ${status}`);
  return `${url} answered ${status}${text === '' ? '' : `: ${text}`}${hint === undefined ? '' : `\n${hint}`}`;
}

const outputLines = 20;

/**
 * Requests each path through the edge, with a preview token that routes only these requests to the standby.
 * @throws {GateFailure} at the first path that does not return a 2xx; for the health path, HEALTH_STATUS says what passes
 */
export async function smokePaths(stack: Stack, engine: Engine, paths: readonly string[]): Promise<string> {
  if (paths.length === 0) return '';
  // The edge removes tokens with this prefix that a killed deploy has left behind.
  const question = questionOf(stack);
  const token = `smoke-${randomBytes(24).toString('base64url')}`;
  await engine.edge('preview', 'add', token);
  try {
    for (const path of paths) {
      const headers = { ...question.headers, 'X-Bluegreen-Preview': token };
      const answer = await askEdge(stack, path, { headers });
      if (path === question.path ? accepts(question, answer.status) : isOk(answer)) continue;
      const text = excerpt(answer.body);
      const got = answer.status === 0 ? 'no answer' : `${answer.status}${text === '' ? '' : `: ${text}`}`;
      throw new GateFailure('smoke', `GET ${path}: expected 2xx, got ${got}`);
    }
  } finally {
    await engine.edge('preview', 'remove', token);
  }
  return paths.length === 1 ? `GET ${paths[0]} returned 2xx` : `${paths.length} paths returned 2xx`;
}

/**
 * Runs a smoke command in /bin/sh.
 * @throws {GateFailure} if it does not exit with code 0 in time, with its last 20 lines of output
 */
export async function smokeCommand(
  command: string,
  env: HookEnvironment,
  limitMs: number,
  signal: AbortSignal,
): Promise<void> {
  const running = execa('/bin/sh', ['-c', command], {
    env,
    stdin: 'ignore',
    all: true,
    detached: true,
    timeout: limitMs,
    cancelSignal: signal,
    reject: false,
  });
  killLeftovers(running);
  const result = await running;
  signal.throwIfAborted();
  if (result.exitCode === 0) return;
  const output = stripVTControlCharacters(result.all ?? '')
    .trimEnd()
    .split('\n')
    .slice(-outputLines)
    .join('\n');
  throw new GateFailure('smoke', `"${command}" ${exitText(result)}${output === '' ? '' : `:\n${output}`}`);
}
