import type { ScenarioName } from '../arguments.ts';
import { ask, isOk } from '../edge/http.ts';
import { poolStatus } from '../edge/pool-status.ts';
import { appOf, type Fault } from '../engine/engine.ts';
import { directUrl } from '../stack/stack.ts';
import { CommandError } from '../terminal/command-error.ts';
import { until } from '../until.ts';
import { broken, cutting, movesAway, seenByHealthChecks, silent, silentForAWhile, tardy } from './expectations.ts';
import { type Alerts, errorRates, type Scenario, type Stage } from './scenario.ts';

/** Longer than the minute for which the app blocks itself at most. */
const blockDeadlineMs = 90_000;

const failsOver: Alerts = { due: { failover: 1, recovery: 1 }, may: { 'error-rate': errorRates } };

/** Half the fault time, and at most the 60 s that the app allows. */
function blockSeconds({ faultMs }: Stage): number {
  return Math.min(60, Math.ceil(faultMs / 2_000));
}

/**
 * Sends a chaos request to the app of a pool.
 * @throws {CommandError} if the app does not answer with a 2xx
 */
export async function requestChaos({ stack }: Stage, pool: Stage['active'], what: string): Promise<void> {
  const answer = await ask(`${directUrl(stack, pool)}/chaos/${what}`, { method: 'POST' });
  if (isOk(answer)) return;
  throw new CommandError(`app_${pool} returned ${answer.status} for /chaos/${what}: ${answer.body.trim()}`);
}

export async function onlyDemo({ isDemo }: Stage): Promise<string | undefined> {
  return isDemo ? undefined : 'only the demo app, with CHAOS_ENABLED=true, can do this to itself';
}

function byApp(name: ScenarioName, about: string, expects: Scenario['expects'], alerts: Alerts = failsOver): Scenario {
  return {
    name,
    about,
    lasts: 'fault',
    skipReason: onlyDemo,
    act: async (stage) => void (await requestChaos(stage, stage.active, `start?mode=${name}`)),
    undo: async (stage) => void (await ask(`${directUrl(stage.stack, stage.active)}/chaos/stop`, { method: 'POST' })),
    expects,
    alerts,
  };
}

function byHand(name: Fault, about: string, expects: Scenario['expects']): Scenario {
  return {
    name,
    about,
    lasts: 'fault',
    act: async ({ engine, active }) => void (await engine.inject(appOf(active), name)),
    undo: ({ engine, active }) => engine.repair(appOf(active)),
    expects,
    alerts: failsOver,
  };
}

/** Faults of the active pool. */
export const activePoolScenarios: readonly Scenario[] = [
  byHand('shutdown', 'stopped gracefully', () => movesAway),
  byHand('kill', 'killed, and stays dead', broken),
  byHand('freeze', 'frozen: its kernel still accepts connections, nothing answers', silent),
  byApp('error', 'answers everything with 500', broken),
  byApp('timeout', 'accepts connections, never answers', silent),
  byApp('slow', 'answers after two seconds', tardy),
  byApp('reset', 'resets connections before the response begins', broken),
  // Whether the error rate reaches the threshold depends on how many requests there are before the health checks detect it.
  byApp('truncate', 'resets connections in the middle of each response', cutting, {
    ...failsOver,
    says: /cut off|broke off/,
  }),
  {
    name: 'network',
    about: 'disconnected from the network',
    lasts: 'fault',
    skipReason: async ({ hands }) => hands.noNetworkCutReason,
    act: async ({ hands, active }) => void (await hands.disconnect(active)),
    undo: ({ hands, active }) => hands.connect(active),
    expects: silent,
    alerts: failsOver,
  },
  {
    name: 'oom',
    about: 'allocates memory until the kernel kills it, and is restarted',
    lasts: 'itself',
    async skipReason(stage) {
      if (!stage.isDemo) return onlyDemo(stage);
      if (stage.engine.name === 'compose') return undefined;
      return 'without a container, a process has no memory limit of its own and would exhaust the machine';
    },
    act: async (stage) => void (await requestChaos(stage, stage.active, 'start?mode=oom')),
    undo: ({ engine, active }) => engine.repair(appOf(active)),
    expects: silentForAWhile,
    alerts: failsOver,
  },
  byApp('disk', 'its disk is full: writes return 500, its health check 503', seenByHealthChecks),
  {
    name: 'block',
    about: 'its event loop is blocked, then resumes',
    lasts: 'itself',
    skipReason: onlyDemo,
    act: async (stage) =>
      void (await requestChaos(stage, stage.active, `start?mode=block&seconds=${blockSeconds(stage)}`)),
    // Only time ends it.
    async undo({ stack, active }) {
      const isBack = await until(blockDeadlineMs, async () => (await poolStatus(stack, active)).healthy);
      if (!isBack) throw new CommandError(`${active} does not become healthy again`, { next: './bluegreen status' });
    },
    expects: silentForAWhile,
    alerts: failsOver,
  },
];
