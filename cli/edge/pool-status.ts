import { setTimeout as delay } from 'node:timers/promises';
import type { Cause } from '../../health/cause.ts';
import { accepts, hintFor } from '../../health/question.ts';
import { checkConnection } from '../../health/tcp.ts';
import { releasePattern } from '../../settings/fields.ts';
import type { Pool } from '../../settings/pool.ts';
import { directUrl, questionOf, type Stack } from '../stack/stack.ts';
import { ask, timeoutMs } from './http.ts';

/** Longer than the proxy of Docker needs to find that nothing listens in a container. */
export const stayMs = 100;
const attempts = 3;
const betweenMs = 200;
const noAnswer = 'no answer';
const noConnection = 'no connection';

export interface PoolStatus {
  readonly pool: Pool;
  readonly healthy: boolean;
  /** In a few words: "healthy", "status 500", "no answer". */
  readonly health: string;
  /** Which setting may help a pool that is not healthy, if one is known to. */
  readonly hint?: string | undefined;
  /** There was no answer at all. */
  readonly silent?: boolean;
  /** The release that the app reports, or else the one that it should run. */
  readonly release: string;
  /** The release that the app reports, if it does. */
  readonly reported: string | undefined;
  /** The release that it should run. */
  readonly planned: string;
  readonly url: string;
}

/** Why a pool that is flagged as down or does not pass its health check cannot serve, as in "status 500". */
export function unhealthyReason({ healthy, health, hint }: PoolStatus): string {
  if (healthy) return 'marked down by its health checks';
  return hint === undefined ? health : `${health}: ${hint}`;
}

/** Asks a pool directly, bypassing the edge. */
export async function poolStatus(stack: Stack, pool: Pool): Promise<PoolStatus> {
  const { settings } = stack;
  const url = directUrl(stack, pool);
  const { cause, header } = await askPool(stack, url);
  const planned = pool === 'blue' ? settings.RELEASE_ID_BLUE : settings.RELEASE_ID_GREEN;
  const reported = releasePattern.test(header) ? header : undefined;
  return {
    pool,
    healthy: cause === undefined,
    health: cause ?? 'healthy',
    silent: cause === noAnswer || cause === noConnection,
    hint: hintFor(questionOf(stack), cause),
    release: reported ?? planned,
    reported,
    planned,
    url,
  };
}

/** Asks again a pool that does not answer, before something is refused for it: on an overloaded machine, an answer can be late. */
export async function patientPoolStatus(stack: Stack, pool: Pool): Promise<PoolStatus> {
  let found = await poolStatus(stack, pool);
  for (let count = 1; count < attempts && !found.healthy && found.silent; count++) {
    await delay(betweenMs);
    found = await poolStatus(stack, pool);
  }
  return found;
}

/** The result of one health check, and the release that the answer names. */
async function askPool(stack: Stack, url: string): Promise<{ readonly cause: Cause; readonly header: string }> {
  const question = questionOf(stack);
  if (question.check === 'tcp') {
    const cause = await checkConnection(url, { timeoutMs, stayMs });
    return { cause: cause === undefined ? undefined : noConnection, header: '' };
  }
  const { status, headers } = await ask(url + question.path, { headers: question.headers });
  const cause = accepts(question, status) ? undefined : status === 0 ? noAnswer : `status ${status}`;
  return { cause, header: headers.get('x-release-id') ?? '' };
}
