import { randomBytes } from 'node:crypto';
import { stripVTControlCharacters } from 'node:util';
import { execa } from 'execa';
import type { Engine } from '../engine.ts';
import { ask, excerpt, isOk } from '../http.ts';
import { edgeUrl, type Stack } from '../stack.ts';
import type { Facts } from './facts.ts';
import { GateFailure } from './gate-failure.ts';
import { endWhatItLeaves, howItEnded } from './hooks.ts';

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
export async function smokeCommand(command: string, facts: Facts, limitMs: number, signal: AbortSignal): Promise<void> {
  const running = execa('/bin/sh', ['-c', command], {
    env: facts,
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
