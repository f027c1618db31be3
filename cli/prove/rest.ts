import { streamSeconds } from '../../proof/load/mix.ts';
import { nowMs } from '../../proof/load/sample.ts';
import { pools } from '../../settings/pool.ts';
import { edgeStatus } from '../edge/control-state.ts';
import { ask, isOk } from '../edge/http.ts';
import { poolStatus } from '../edge/pool-status.ts';
import { appOf } from '../engine/engine.ts';
import { directUrl, watcherUrl } from '../stack/stack.ts';
import { CommandError } from '../terminal/command-error.ts';
import { until } from '../until.ts';
import { onlyDemo, requestChaos } from './active-pool.ts';
import { brokenWithoutFlags, outage, reloaded, untouched } from './expectations.ts';
import { type Hands, pass } from './hands.ts';
import { type Check, closedAtOtherTimes, errorRates, type Scenario, type Window } from './scenario.ts';

const reloads = 3;
/** Two beats of the prober that are missed, and a reload. */
const passiveDeadlineMs = 10_000;
const betweenReloadsMs = 1_000;
const healthyDeadlineMs = 30_000;
/**
 * From the return of a reload until the last older connection is closed. nginx before 1.27.4 closes a keep-alive connection
 * when the response in flight ends (seen with 1.22), and no response takes longer than a stream.
 */
const closedWithinMs = streamSeconds * 1_000 + 500;
const writable = 'chmod ug+w "$CONTROL" && rm -f "$CONTROL/.proof"';
const companions = ['health_prober', 'alert_watcher'] as const;

/** Faults of everything but the active pool. */
export const otherScenarios: readonly Scenario[] = [
  {
    name: 'reload',
    about: `nginx reloads its configuration, ${reloads} times`,
    lasts: 'act',
    async act({ engine, signal }): Promise<Check> {
      const spans: Window[] = [];
      for (let count = 0; count < reloads; count++) {
        const from = nowMs();
        await engine.edge('reload');
        spans.push({ from, to: nowMs() + closedWithinMs });
        await pass(betweenReloadsMs, signal);
      }
      return (samples) => closedAtOtherTimes(samples, spans);
    },
    undo: async () => {},
    expects: (stage) => reloaded(stage, reloads),
    alerts: { due: {} },
  },
  {
    name: 'companions',
    about: 'the prober and the watcher are killed',
    lasts: 'fault',
    async act({ hands }) {
      for (const name of companions) await hands.kill(name);
      return undefined;
    },
    async undo({ engine, stack, hands }) {
      for (const name of companions) await engine.repair(name);
      const areBack = {
        health_prober: () => hands.isProberHealthy(),
        alert_watcher: async () => isOk(await ask(`${watcherUrl(stack)}/healthz`)),
      };
      for (const name of companions) {
        if (await until(healthyDeadlineMs, areBack[name])) continue;
        throw new CommandError(`${name} does not become healthy again`, { next: `./bluegreen logs ${name}` });
      }
    },
    expects: () => untouched,
    alerts: { due: {} },
  },
  {
    name: 'both-dead',
    about: 'both pools are killed, then restarted',
    lasts: 'fault',
    async act({ engine, active, standby }) {
      for (const pool of [active, standby]) await engine.inject(appOf(pool), 'kill');
      return undefined;
    },
    async undo({ engine, stack }) {
      for (const pool of pools) await engine.repair(appOf(pool));
      const areHealthy = await until(healthyDeadlineMs, async () =>
        (await Promise.all(pools.map((pool) => poolStatus(stack, pool)))).every(({ healthy }) => healthy),
      );
      if (!areHealthy) throw new CommandError('the pools do not become healthy again', { next: './bluegreen status' });
    },
    expects: outage,
    alerts: {
      due: { outage: 1, 'outage-resolved': 1 },
      may: { failover: 1, recovery: 1, 'error-rate': errorRates, 'standby-down': 1, 'standby-resolved': 1 },
    },
  },
  {
    name: 'standby-dead',
    about: 'the standby is killed',
    lasts: 'fault',
    leastMs: () => 8_000,
    act: async ({ engine, standby }) => void (await engine.inject(appOf(standby), 'kill')),
    undo: ({ engine, standby }) => engine.repair(appOf(standby)),
    expects: () => untouched,
    alerts: { due: { 'standby-down': 1, 'standby-resolved': 1 } },
  },
  {
    name: 'log-full',
    about: 'the log volume is full: nothing can be logged',
    lasts: 'fault',
    async skipReason({ hands }) {
      return (await hands.onEdge('test -c /dev/full && echo yes || :')) === 'yes' ? undefined : 'there is no /dev/full';
    },
    // Every write to /dev/full fails as on a full disk.
    act: async ({ hands }) =>
      void (await hands.onEdge(
        'mv "$LOG" "$LOG.kept" && ln -s /dev/full "$LOG" && kill -USR1 "$(cat "$RUN/nginx.pid")"',
      )),
    undo: ({ hands }) => emptyLogVolume(hands),
    expects: () => untouched,
    alerts: { due: {} },
  },
  {
    name: 'control-read-only',
    about: 'the control volume is read-only, and the active pool answers everything with 500',
    lasts: 'fault',
    async skipReason(stage) {
      if (!stage.isDemo) return onlyDemo(stage);
      // In a single script, so that the volume never stays read-only, whatever ends the proof.
      const canBe = await stage.hands.onEdge(
        `trap '${writable}' EXIT; chmod a-w "$CONTROL"; if touch "$CONTROL/.proof" 2>/dev/null; then echo no; fi`,
      );
      return canBe === 'no' ? 'this account (root) can write to any directory, whatever its mode' : undefined;
    },
    async prepare({ engine, hands }) {
      await hands.onEdge('chmod a-w "$CONTROL"');
      const isPassive = await until(passiveDeadlineMs, async () => !(await edgeStatus(engine)).guarded);
      if (!isPassive) throw new CommandError('the edge does not begin to use passive checks');
    },
    async act(stage) {
      await requestChaos(stage, stage.active, 'start?mode=error');
      return undefined;
    },
    async undo({ hands, stack, active }) {
      await ask(`${directUrl(stack, active)}/chaos/stop`, { method: 'POST' });
      await writableControl(hands);
    },
    expects: brokenWithoutFlags,
    alerts: { due: { failover: 1 }, may: { recovery: 1, 'error-rate': errorRates, flapping: 1 } },
  },
];

/** Restores the access log, also after a killed proof. */
export async function emptyLogVolume(hands: Hands): Promise<void> {
  await hands.onEdge('[ ! -e "$LOG.kept" ] || { mv -f "$LOG.kept" "$LOG" && kill -USR1 "$(cat "$RUN/nginx.pid")"; }');
}

/** Makes the control directory writable again, also after a killed proof. */
export async function writableControl(hands: Hands): Promise<void> {
  await hands.onEdge(writable);
}
