import { releasePattern } from '../../settings/fields.ts';
import type { Pool } from '../../settings/pool.ts';
import { directUrl, type Stack } from '../stack/stack.ts';
import { ask, isOk } from './http.ts';

export interface PoolStatus {
  readonly pool: Pool;
  readonly healthy: boolean;
  /** In a word or two: "healthy", "status 500", "no answer". */
  readonly health: string;
  /** What the app reports; else what it is meant to run. */
  readonly release: string;
  /** Only what the app reports. */
  readonly reported: string | undefined;
  /** What it is meant to run. */
  readonly planned: string;
  readonly url: string;
}

/** Asks a pool itself, past the edge. */
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
