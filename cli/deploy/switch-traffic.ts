import { edgeStatus } from '../edge/control-state.ts';
import { patientPoolStatus, unhealthyReason } from '../edge/pool-status.ts';
import { inTime, switchUnconfirmed } from '../edge/switch-over.ts';
import { askThroughEdge } from '../edge/through-edge.ts';
import { edgeUrl } from '../stack/stack.ts';
import { warning } from '../terminal/terminal.ts';
import { until } from '../until.ts';
import { GateFailure } from './gates.ts';
import { runLateHook } from './hooks.ts';
import type { Run } from './run.ts';

const servesDeadlineMs = 6_000;

/**
 * Makes the new release's pool active.
 * @returns how long the switch took, in milliseconds; undefined if the edge was not seen to follow in time
 * @throws if the old pool is still active
 */
export async function switchTraffic(run: Run): Promise<number | undefined> {
  const { stack, engine, pool, oldPool } = run;
  let tookMs: number | undefined;
  await run.at('switch', async () => {
    const [{ down }, found] = await Promise.all([edgeStatus(engine), patientPoolStatus(stack, pool)]);
    if (down[pool] || !found.healthy) {
      throw new GateFailure('switch', `${pool} is no longer healthy (${unhealthyReason(found)})`);
    }
    tookMs = await switchUnconfirmed(stack, engine, pool, { reason: 'deploy', deploy: run.id });
    return `${oldPool} → ${pool}${inTime(tookMs)}`;
  });
  run.canaryIsOn = false;
  run.wasUsed = true;
  run.lock.at('switched', { switched: true });
  if (!(await until(servesDeadlineMs, () => serves(run)))) {
    warning(`${pool} is active, but does not serve ${edgeUrl(stack)} yet`);
  }
  await runLateHook(stack, 'post-switch', run.hookEnvironment());
  return tookMs;
}

/** Whether the pool answers a request to the edge. If the app does not name its pool, the edge's status decides. */
async function serves({ stack, engine, pool }: Run): Promise<boolean> {
  const answer = await askThroughEdge(stack);
  const answeredBy = answer.answeredBy ?? (await edgeStatus(engine).catch(() => undefined))?.serving;
  return answer.served && answeredBy === pool;
}
