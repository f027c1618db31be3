import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { execa } from 'execa';
import { healthCheck } from '../../prober/health-check.ts';
import { judge, type Verdict } from '../../prober/verdict.ts';
import type { Pool } from '../../settings/pool.ts';
import { edgeStatus } from '../edge/control-state.ts';
import { ask, excerpt, isOk } from '../edge/http.ts';
import type { Engine } from '../engine/engine.ts';
import { directUrl, edgeUrl, type Stack } from '../stack/stack.ts';
import { CommandError } from '../terminal/command-error.ts';
import type { Say } from '../terminal/steps.ts';
import { endWhatItLeaves, type HookEnvironment, howItEnded } from './hooks.ts';

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

const intervalMs = 250;

/** Waits until no request is on its way to a pool, but not for ever. In words, what came of it. */
export async function drain(
  engine: Engine,
  pool: Pool,
  limitMs: number,
  { say, signal }: { readonly say: Say; readonly signal: AbortSignal },
): Promise<string> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const count = await inFlight(engine, pool);
    if (count === undefined) return 'this system does not show how many requests are on their way; not waiting';
    if (count === 0) return `no request is on its way to ${pool}`;
    const connections = count === 1 ? '1 connection' : `${count} connections`;
    if (Date.now() >= deadline) return `${connections} to ${pool} still open; the app gets to finish what it can`;
    say(`${connections} to ${pool}`);
    await delay(intervalMs, undefined, { signal });
  }
}

async function inFlight(engine: Engine, pool: Pool): Promise<number | undefined> {
  try {
    return Number(await engine.edge('inflight', pool));
  } catch (error) {
    if (error instanceof CommandError) return undefined;
    throw error;
  }
}

/** A release that is not fit to serve. */
export class GateFailure extends Error {
  readonly code = 'GATE';
  /** In a word or two: which gate. */
  readonly gate: string;

  constructor(gate: string, message: string) {
    super(message);
    this.name = 'GateFailure';
    this.gate = gate;
  }
}

const outputLines = 20;

/**
 * Asks for each path through the edge, which shows the idle colour to nobody else.
 * @throws {GateFailure} at the first that is not answered with a 2xx
 */
export async function smokePaths(stack: Stack, engine: Engine, paths: readonly string[]): Promise<string> {
  if (paths.length === 0) return '';
  // By its beginning the edge knows what a deploy that was killed has left.
  const token = `smoke-${randomBytes(24).toString('base64url')}`;
  await engine.edge('preview', 'add', token);
  try {
    for (const path of paths) {
      const answer = await ask(edgeUrl(stack) + path, { headers: { 'X-Bluegreen-Preview': token } });
      if (isOk(answer)) continue;
      const said = excerpt(answer.body);
      const got = answer.status === 0 ? 'no answer' : `${answer.status}${said === '' ? '' : `: ${said}`}`;
      throw new GateFailure('smoke', `GET ${path} was expected to be 2xx, got ${got}`);
    }
  } finally {
    await engine.edge('preview', 'remove', token);
  }
  return paths.length === 1 ? `${paths[0]} is fine` : `${paths.length} paths are fine`;
}

/**
 * Runs a command of the operator's.
 * @throws {GateFailure} when it does not end with 0 in time, with the last it said
 */
export async function smokeCommand(
  command: string,
  env: HookEnvironment,
  limitMs: number,
  signal: AbortSignal,
): Promise<void> {
  const running = execa('/bin/sh', ['-c', command], {
    env: env,
    stdin: 'ignore',
    all: true,
    detached: true,
    timeout: limitMs,
    cancelSignal: signal,
    reject: false,
  });
  endWhatItLeaves(running);
  const result = await running;
  signal.throwIfAborted();
  if (result.exitCode === 0) return;
  const said = stripVTControlCharacters(result.all ?? '')
    .trimEnd()
    .split('\n')
    .slice(-outputLines)
    .join('\n');
  throw new GateFailure('smoke', `"${command}" ${howItEnded(result)}${said === '' ? '' : `:\n${said}`}`);
}
