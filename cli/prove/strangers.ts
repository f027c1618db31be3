import { isInnocent, isQuick, nowMs, type Sample, strangeKinds } from '../../proof/load/sample.ts';
import { otherPool, type Pool } from '../../settings/pool.ts';
import { onlyDemo } from './active-pool.ts';
import { deployScenario } from './deploy.ts';
import { pass } from './hands.ts';
import { errorRates, type Scenario, type Window } from './scenario.ts';

const leastShare = 0.999;

/** Nobody's request moves anybody else's. */
export const strangerScenarios: readonly Scenario[] = [
  {
    name: 'poison',
    about: 'two requests a second that fail on both pools, among normal ones',
    lasts: 'fault',
    strange: { kinds: ['poison'], rate: 2 },
    skipReason: onlyDemo,
    act: async () => undefined,
    undo: async () => {},
    expects: () => ({ servedBy: 'active', leastShare, allowances: [], strange: ['poison'] }),
    alerts: { due: {}, may: { 'error-rate': errorRates, 'error-rate-resolved': errorRates } },
  },
  {
    name: 'stranger',
    about: 'one client whose requests fail, have large headers or take too long, every 2 s; a deploy among them',
    lasts: 'act',
    strange: { kinds: strangeKinds, rate: 0.5 },
    skipReason: onlyDemo,
    async act(stage) {
      const { faultMs, signal, active, standby } = stage;
      const begunAt = nowMs();
      await pass(faultMs, signal);
      const deployingAt = nowMs();
      await deployScenario.act(stage);
      const deployedAt = nowMs();
      await pass(faultMs, signal);
      const endingAt = nowMs();
      return (samples) => [
        ...shareFaults(samples, active, { from: begunAt, to: deployingAt }),
        ...shareFaults(samples, standby, { from: deployedAt, to: endingAt }),
      ];
    },
    undo: (stage) => deployScenario.undo(stage),
    expects: () => ({ allowances: [], strange: strangeKinds }),
    // Right after the start of a watcher, two failed requests are many.
    alerts: {
      ...deployScenario.alerts,
      may: { ...deployScenario.alerts.may, 'error-rate': errorRates, 'error-rate-resolved': errorRates },
    },
  },
];

/** All innocent requests are answered by the active pool, but for one in a thousand. */
function shareFaults(samples: readonly Sample[], pool: Pool, { from, to }: Window): string[] {
  const innocent = samples.filter(
    (sample) => isInnocent(sample) && isQuick(sample) && sample.dueAt > from && sample.endedAt < to,
  );
  const others = innocent.filter((sample) => sample.pool === otherPool(pool)).length;
  if (innocent.length > 0 && others <= innocent.length * (1 - leastShare)) return [];
  return [`${others} of ${innocent.length} innocent requests were answered by ${otherPool(pool)}`];
}
