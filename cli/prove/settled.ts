import type { LoadProcess } from '../../proof/traffic/load-process.ts';
import { otherPool } from '../../settings/pool.ts';
import type { AlertKind } from '../../watcher/alert.ts';
import { edgeStatus } from '../control-state.ts';
import { until } from '../until.ts';
import type { ProofWatcher } from './proof-watcher.ts';
import type { Scenario, Stage } from './scenario.ts';

const calmMs = 1_500;
const settleDeadlineMs = 30_000;
const tellDeadlineMs = 12_000;

/** Traffic is back: for a while now nothing has failed and nobody but the active pool has answered. False: it is not. */
export async function hasSettled({ engine, active }: Stage, load: LoadProcess, since: number): Promise<boolean> {
  const isBack = await until(settleDeadlineMs, async () => {
    const now = load.slices.at(-1)?.at ?? 0;
    const recent = load.slices.filter(({ at }) => at > Math.max(since, now - calmMs));
    const answered = recent.reduce((sum, { served, unnamed }) => sum + served[active] + unnamed, 0);
    const others = recent.reduce((sum, { served, failed }) => sum + served[otherPool(active)] + failed, 0);
    return now - since > calmMs && answered > 0 && others === 0;
  });
  return isBack && !(await edgeStatus(engine)).down[active];
}

/** Waits until everything that is due has been told, but not for ever: what was not is judged later. */
export async function untilTold({ alerts }: Scenario, watcher: ProofWatcher): Promise<void> {
  const due = Object.entries(alerts.due) as [AlertKind, number][];
  await until(tellDeadlineMs, async () => due.every(([kind, count]) => toldOf(watcher, kind) >= count));
}

export function toldOf({ alerts }: ProofWatcher, kind: AlertKind): number {
  return alerts.filter((alert) => alert.kind === kind && !alert.heldBack).length;
}

/** What was told, and was not to be; what was to be told, and was not. */
export function alertFaults({ alerts: { due, may = [], says } }: Scenario, watcher: ProofWatcher): string[] {
  const told = watcher.alerts.filter(({ heldBack }) => !heldBack);
  const dueKinds = Object.entries(due) as [AlertKind, number][];
  const undue = told.filter(({ kind }) => due[kind] === undefined && !may.includes(kind));
  return [
    ...dueKinds
      .filter(([kind, count]) => toldOf(watcher, kind) !== count)
      .map(([kind, count]) => `the alert ${kind} was told ${toldOf(watcher, kind)} times, due: ${count}`),
    ...undue.map(({ kind, text }) => `an alert that was not due, ${kind}: ${text}`),
    ...(says === undefined || told.some(({ text }) => says.test(text)) ? [] : [`no alert says ${says.source}`]),
  ];
}
