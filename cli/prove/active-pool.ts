import type { ScenarioName } from '../arguments.ts';
import { ask, isOk } from '../edge/http.ts';
import { poolStatus } from '../edge/pool-status.ts';
import { appOf, type Fault } from '../engine/engine.ts';
import { directUrl } from '../stack/stack.ts';
import { CommandError } from '../terminal/command-error.ts';
import { until } from '../until.ts';
import { broken, cutting, hangingMs, movesAway, silent, silentForAWhile, tardy, toldByHealth } from './expectations.ts';
import { type Alerts, errorRates, type Scenario, type Stage } from './scenario.ts';

/** The app blocks itself for a minute at most. */
const blockDeadlineMs = 90_000;

const failsOver: Alerts = { due: { failover: 1, recovery: 1 }, may: { 'error-rate': errorRates } };

/** Half the time, and the app allows a minute. */
function blockSeconds({ faultMs }: Stage): number {
  return Math.min(60, Math.ceil(faultMs / 2_000));
}

/** @throws {CommandError} when the app does not do it */
export async function tellApp({ stack }: Stage, pool: Stage['active'], what: string): Promise<void> {
  const { status, body } = await ask(`${directUrl(stack, pool)}/chaos/${what}`, { method: 'POST' });
  if (isOk({ status, body, headers: new Headers() })) return;
  throw new CommandError(`app_${pool} was told /chaos/${what} and answered ${status}: ${body.trim()}`);
}

export async function onlyDemo({ isDemo }: Stage): Promise<string | undefined> {
  return isDemo ? undefined : 'only the demo app, with CHAOS_ENABLED=true, can do this to itself';
}

function byApp(name: ScenarioName, about: string, expects: Scenario['expects'], alerts: Alerts = failsOver): Scenario {
  return {
    name,
    about,
    lasts: 'fault',
    whyNot: onlyDemo,
    act: async (stage) => void (await tellApp(stage, stage.active, `start?mode=${name}`)),
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
    undo: ({ engine, active }) => engine.heal(appOf(active)),
    expects,
    alerts: failsOver,
  };
}

/** What can happen to the pool that serves. */
export const activePoolScenarios: readonly Scenario[] = [
  byHand('shutdown', 'stopped gracefully', () => movesAway),
  byHand('kill', 'killed, and stays dead', broken),
  byHand('freeze', 'frozen: its kernel still accepts, nothing answers', silent),
  byApp('error', 'answers everything with 500', broken),
  { ...byApp('timeout', 'accepts, never answers', silent), leastMs: hangingMs },
  { ...byApp('slow', 'answers after two seconds', tardy), leastMs: hangingMs },
  byApp('reset', 'resets before the answer begins', broken),
  // Whether more than the threshold of the requests fails is a matter of how many there are before it is noticed.
  byApp('truncate', 'resets in the middle of each answer', cutting, { ...failsOver, says: /cut off|broke off/ }),
  {
    name: 'network',
    about: 'cut off the network',
    lasts: 'fault',
    leastMs: hangingMs,
    whyNot: async ({ hands }) => hands.whyNoNetworkCut,
    act: async ({ hands, active }) => void (await hands.cutOff(active)),
    undo: ({ hands, active }) => hands.connect(active),
    expects: silent,
    alerts: failsOver,
  },
  {
    name: 'oom',
    about: 'takes memory until the kernel kills it, and is restarted',
    lasts: 'itself',
    async whyNot(stage) {
      if (!stage.isDemo) return onlyDemo(stage);
      if (stage.engine.name === 'compose') return undefined;
      return 'a process without a container has no memory limit of its own: it would take that of the machine';
    },
    act: async (stage) => void (await tellApp(stage, stage.active, 'start?mode=oom')),
    undo: ({ engine, active }) => engine.heal(appOf(active)),
    expects: silentForAWhile,
    alerts: failsOver,
  },
  byApp('disk', 'its disk is full: what has to store something answers 500, its health check 503', toldByHealth),
  {
    name: 'block',
    about: 'its event loop is blocked, and then goes on',
    lasts: 'itself',
    whyNot: onlyDemo,
    act: async (stage) => void (await tellApp(stage, stage.active, `start?mode=block&seconds=${blockSeconds(stage)}`)),
    // Nothing but time heals it.
    async undo({ stack, active }) {
      const isBack = await until(blockDeadlineMs, async () => (await poolStatus(stack, active)).healthy);
      if (!isBack) throw new CommandError(`${active} does not come back`, { next: './bluegreen status' });
    },
    expects: silentForAWhile,
    alerts: failsOver,
  },
];
