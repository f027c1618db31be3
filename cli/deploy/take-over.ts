import { edgeStatus } from '../edge/control-state.ts';
import { ask, isOk } from '../edge/http.ts';
import { poolStatus } from '../edge/pool-status.ts';
import { inTime, switchUnconfirmed } from '../edge/switch-over.ts';
import { edgeUrl } from '../stack/stack.ts';
import { warning } from '../terminal/terminal.ts';
import { until } from '../until.ts';
import { GateFailure } from './gates.ts';
import { runLateHook } from './hooks.ts';
import type { Run } from './run.ts';

const servesDeadlineMs = 6_000;

/**
 * Gives the release to all visitors.
 * @returns how many milliseconds the switch took; undefined: longer than anybody has looked
 * @throws when the old colour is still the active one
 */
export async function takeOver(run: Run): Promise<number | undefined> {
  const { stack, engine, pool, oldPool } = run;
  let tookMs: number | undefined;
  await run.at('switch', async () => {
    const [{ down }, { healthy, health }] = await Promise.all([edgeStatus(engine), poolStatus(stack, pool)]);
    if (down[pool] || !healthy) throw new GateFailure('switch', `${pool} is not healthy any more (${health})`);
    tookMs = await switchUnconfirmed(stack, engine, pool, { reason: 'deploy', deploy: run.id });
    return `${oldPool} → ${pool}${inTime(tookMs)}`;
  });
  run.canaryIsOn = false;
  run.wasUsed = true;
  run.lock.at('switched', { switched: true });
  if (!(await until(servesDeadlineMs, () => serves(run)))) {
    warning(`${pool} is active, but ${edgeUrl(stack)} is not answered by it yet`);
  }
  await runLateHook(stack, 'post-switch', run.hookEnvironment());
  return tookMs;
}

/** Through the edge, as a visitor; what an app does not say of itself is taken from the edge's status. */
async function serves({ stack, engine, pool }: Run): Promise<boolean> {
  const answer = await ask(edgeUrl(stack) + stack.settings.HEALTH_PATH);
  const answeredBy = answer.headers.get('x-app-pool') ?? (await edgeStatus(engine).catch(() => undefined))?.serving;
  return isOk(answer) && answeredBy === pool;
}
