import type { Stack } from '../stack/stack.ts';
import { CommandError } from '../terminal/command-error.ts';
import { composeEngine, composeUnavailable } from './compose/engine.ts';
import type { Engine, EngineName } from './engine.ts';
import { hostEngine } from './host/engine.ts';

/**
 * The requested engine. Without a request, the engine of the running stack, else Compose if a Docker Engine answers, else
 * the host.
 * @throws {CommandError} if Compose was requested and cannot be used
 */
export async function chooseEngine(stack: Stack, wanted: EngineName | undefined): Promise<Engine> {
  if (wanted === 'host') return hostEngine(stack);
  const host = hostEngine(stack);
  if (wanted === undefined && (await host.isUp())) return host;
  const compose = composeEngine(stack);
  // If the stack runs on Compose, no other check is needed.
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

/** The same engine, for a stack with other settings. */
export function sameEngine(engine: Engine, stack: Stack): Engine {
  return engine.with(stack);
}

/** @throws {CommandError} if no part of the stack is running */
export async function requireUp(engine: Engine): Promise<void> {
  if (await engine.isUp()) return;
  throw new CommandError(`the stack is not running on the ${engine.name} engine`, { next: './bluegreen up' });
}
