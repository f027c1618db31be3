import type { RecordOf } from '../../journal/record.ts';
import { isQuick, nowMs, type Sample } from '../../proof/load/sample.ts';
import { otherPool, type Pool } from '../../settings/pool.ts';
import { controlState, edgeStatus } from '../edge/control-state.ts';
import { recordLine } from '../edge/records.ts';
import { switchOver } from '../edge/switch-over.ts';
import { deployScenario } from './deploy.ts';
import { pass } from './hands.ts';
import type { Check, Scenario, Stage, Window } from './scenario.ts';

const switches = 20;
const betweenSwitchesMs = 500;
const canaryPercent = 10;
/** Bounds of the measured canary share, as a factor of the configured one. */
const leastCanary = 0.5;
const mostCanary = 1.5;

/** Planned operations, as operators do them. */
export const plannedScenarios: readonly Scenario[] = [
  deployScenario,
  backAndForth('switch', 'switched back and forth'),
  backAndForth('rollback', 'rolled back and forth'),
  {
    name: 'canary',
    about: `${canaryPercent}% of the visitors on the standby`,
    lasts: 'act',
    async act(stage) {
      const { faultMs, signal, standby } = stage;
      const begunAt = await setCanary(stage, canaryPercent);
      await pass(faultMs, signal);
      const endingAt = nowMs();
      const endedAt = await setCanary(stage, 0);
      return (samples) => [
        ...shareFaults(samples, standby, { from: begunAt, to: endingAt }),
        ...strays(samples, otherPool(standby), { from: endedAt, to: Number.POSITIVE_INFINITY }),
      ];
    },
    async undo(stage) {
      if ((await controlState(stage.engine)).canaryPercent > 0) await setCanary(stage, 0);
    },
    expects: () => ({ allowances: [] }),
    alerts: { due: { canary: 2 } },
  },
];

/** Sets the canary share; returns the time from which it applies. */
async function setCanary({ stack, engine, standby }: Stage, percent: number): Promise<number> {
  const record = recordLine(stack, { kind: 'canary', percent, pool: standby });
  await engine.edge('canary', percent === 0 ? 'off' : String(percent), record);
  return nowMs();
}

function backAndForth(reason: RecordOf<'switch'>['reason'] & Scenario['name'], about: string): Scenario {
  return {
    name: reason,
    about: `${about}, ${switches} times in a row`,
    lasts: 'act',
    async act({ stack, engine, active, signal }): Promise<Check> {
      const spans: Span[] = [];
      let to = active;
      for (let count = 0; count < switches; count++) {
        to = otherPool(to);
        const begunAt = nowMs();
        await switchOver(stack, engine, to, { reason });
        spans.push({ pool: to, from: nowMs(), to: Number.POSITIVE_INFINITY });
        await pass(begunAt + betweenSwitchesMs - nowMs(), signal);
        const last = spans.at(-1);
        if (last !== undefined) spans[spans.length - 1] = { ...last, to: nowMs() };
      }
      return (samples) => spans.flatMap(({ pool, ...span }) => strays(samples, pool, span));
    },
    async undo({ stack, engine, active }) {
      if ((await edgeStatus(engine)).active !== active) await switchOver(stack, engine, active, { reason });
    },
    expects: () => ({ allowances: [] }),
    // They come so fast that some are held back by the cooldown.
    alerts: { due: { switch: switches } },
  };
}

interface Span extends Window {
  readonly pool: Pool;
}

function within(samples: readonly Sample[], { from, to }: Window): Sample[] {
  return samples.filter((sample) => isQuick(sample) && sample.dueAt > from && sample.endedAt < to);
}

/** Finds requests sent after the command had returned, but answered by the other pool. */
function strays(samples: readonly Sample[], pool: Pool, window: Window): string[] {
  const wrong = within(samples, window).filter((sample) => sample.pool === otherPool(pool));
  return wrong.length === 0
    ? []
    : [`${wrong.length} requests went to ${otherPool(pool)} after ${pool} was made active`];
}

function shareFaults(samples: readonly Sample[], pool: Pool, window: Window): string[] {
  const all = within(samples, window);
  const share = all.filter((sample) => sample.pool === pool).length / Math.max(1, all.length);
  const ratio = (share * 100) / canaryPercent;
  if (ratio >= leastCanary && ratio <= mostCanary) return [];
  return [`${(share * 100).toFixed(1)}% of the requests went to ${pool}, not ${canaryPercent}%`];
}
