import { releasePattern } from '../../settings/fields.ts';
import type { Pool } from '../../settings/pool.ts';
import { directUrl, type Stack } from '../stack/stack.ts';
import { ask, isOk } from './http.ts';

export interface PoolStatus {
  readonly pool: Pool;
  readonly healthy: boolean;
  /** In a few words: "healthy", "status 500", "no answer". */
  readonly health: string;
  /** The release that the app reports, or else the one that it should run. */
  readonly release: string;
  /** The release that the app reports, if it does. */
  readonly reported: string | undefined;
  /** The release that it should run. */
  readonly planned: string;
  readonly url: string;
}

/** Why a pool that is flagged as down or does not pass its health check cannot serve, as in "status 500". */
export function unhealthyReason({ healthy, health }: PoolStatus): string {
  return healthy ? 'marked down by its health checks' : health;
}

/** Asks a pool directly, bypassing the edge. */
export async function poolStatus(stack: Stack, pool: Pool): Promise<PoolStatus> {
  const { settings } = stack;
  const url = directUrl(stack, pool);
  const answer = await ask(url + settings.HEALTH_PATH);
  const healthy = isOk(answer);
  const planned = pool === 'blue' ? settings.RELEASE_ID_BLUE : settings.RELEASE_ID_GREEN;
  const header = answer.headers.get('x-release-id') ?? '';
  const reported = releasePattern.test(header) ? header : undefined;
  return {
    pool,
    healthy,
    health: healthy ? 'healthy' : answer.status === 0 ? 'no answer' : `status ${answer.status}`,
    release: reported ?? planned,
    reported,
    planned,
    url,
  };
}
