import type { Pool } from '../../settings/pool.ts';
import type { Engine } from '../engine.ts';
import { actorOf } from '../records.ts';
import { directUrl, edgeUrl, type Stack } from '../stack.ts';

/** What hooks and smoke commands find in their environment. */
export type Facts = Readonly<Record<string, string>>;

export interface Rollout {
  /** Undefined where there is no deploy, as in a rollback by hand. */
  readonly deploy?: string;
  /** The colour that the release goes to, or went back to. */
  readonly pool: Pool;
  readonly release: string;
  readonly image?: string | undefined;
  readonly previousPool: Pool;
  readonly previousRelease: string;
}

export function factsOf(stack: Stack, engine: Engine, rollout: Rollout): Facts {
  return {
    BASE_URL: directUrl(stack, rollout.pool),
    EDGE_URL: edgeUrl(stack),
    POOL: rollout.pool,
    RELEASE_ID: rollout.release,
    IMAGE: rollout.image ?? '',
    PREVIOUS_POOL: rollout.previousPool,
    PREVIOUS_RELEASE_ID: rollout.previousRelease,
    DEPLOY_ID: rollout.deploy ?? '',
    BLUEGREEN_ACTOR: actorOf(stack),
    BLUEGREEN_ENGINE: engine.name,
  };
}
