import type { Counters } from '../../report/counters.ts';
import type { Health } from '../../report/health.ts';
import { pools } from '../../settings/pool.ts';
import { type Holder, lockHolder } from '../deploy/lock.ts';
import { type ControlState, controlState } from '../edge/control-state.ts';
import { ask, parsedJson } from '../edge/http.ts';
import { type PoolStatus, poolStatus } from '../edge/pool-status.ts';
import type { Engine, Service } from '../engine/engine.ts';
import { type Stack, watcherUrl } from '../stack/stack.ts';
import { CommandError } from '../terminal/command-error.ts';
import { countersOf, healthOf } from './watcher-answers.ts';

/** Answers over HTTP, which cost next to nothing. */
export interface QuickLook {
  readonly pools: readonly PoolStatus[];
  /** Undefined if the watcher does not answer, or if something else answers on its port. */
  readonly watcher: Health | undefined;
  /** Whether something that is not a watcher of this version answers on its port. */
  readonly isForeign: boolean;
  readonly counters: Counters | undefined;
}

/** Answers of the engine. On Compose, each starts a process in a container. */
export interface EngineLook {
  /** Undefined if the edge cannot be reached; `fault` says why. */
  readonly control: ControlState | undefined;
  readonly fault: CommandError | undefined;
  readonly services: readonly Service[];
  /** A deploy that is running or was interrupted. */
  readonly deploy: (Holder & { readonly alive: boolean }) | undefined;
}

export type Look = QuickLook & EngineLook;

/** Asks each part once. A part that cannot be reached is undefined and does not affect the others. */
export async function look(stack: Stack, engine: Engine): Promise<Look> {
  const [quick, slow] = await Promise.all([quickLook(stack), engineLook(stack, engine)]);
  return { ...quick, ...slow };
}

export async function quickLook(stack: Stack): Promise<QuickLook> {
  const [states, health, counters] = await Promise.all([
    Promise.all(pools.map((pool) => poolStatus(stack, pool))),
    watcherHealth(stack),
    ask(`${watcherUrl(stack)}/counters`),
  ]);
  return { pools: states, ...health, counters: countersOf(parsedJson(counters.body)) };
}

export async function watcherHealth(stack: Stack): Promise<Pick<QuickLook, 'watcher' | 'isForeign'>> {
  const { status, body } = await ask(`${watcherUrl(stack)}/healthz`);
  const watcher = healthOf(parsedJson(body));
  return { watcher, isForeign: watcher === undefined && status !== 0 };
}

export async function engineLook(stack: Stack, engine: Engine): Promise<EngineLook> {
  const [services, control] = await Promise.all([
    engine.services().catch(() => []),
    controlState(engine).catch((error: unknown) => {
      if (error instanceof CommandError) return error;
      throw error;
    }),
  ]);
  const failed = control instanceof CommandError;
  return {
    control: failed ? undefined : control,
    fault: failed ? control : undefined,
    services,
    deploy: lockHolder(stack),
  };
}
