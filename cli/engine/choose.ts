import type { Stack } from '../stack/stack.ts';
import { CommandError } from '../terminal/command-error.ts';
import { composeEngine, composeUnavailable } from './compose/engine.ts';
import type { Engine, EngineName } from './engine.ts';
import { hostEngine } from './host/engine.ts';

/**
 * The engine that was asked for; else the running stack's; else Compose where a Docker Engine answers, and the host.
 * @throws {CommandError} when Compose was asked for and cannot be used
 */
export async function chooseEngine(stack: Stack, wanted: EngineName | undefined): Promise<Engine> {
  if (wanted === 'host') return hostEngine(stack);
  const host = hostEngine(stack);
  if (wanted === undefined && (await host.isUp())) return host;
  const compose = composeEngine(stack);
  // Where the stack runs on it, nothing else need be asked.
  if (await compose.isUp().catch(() => false)) return compose;
  const reason = await composeUnavailable();
  if (reason === undefined) return compose;
  if (wanted === 'compose') {
    throw new CommandError(`the compose engine cannot be used: ${reason}`, {
      next: 'start Docker, or use --engine host',
    });
  }
  return host;
}

/** The engine that runs the stack already, for the stack as its settings have it now. */
export function sameEngine(engine: Engine, stack: Stack): Engine {
  return engine.with(stack);
}

/** @throws {CommandError} when nothing of the stack is there */
export async function requireUp(engine: Engine): Promise<void> {
  if (await engine.isUp()) return;
  throw new CommandError(`the stack is not running on the ${engine.name} engine`, { next: './bluegreen up' });
}
