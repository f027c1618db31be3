import type { LoadProcess } from '../../proof/load/load-process.ts';
import type { AlertKind } from '../../report/alert-kinds.ts';
import { otherPool } from '../../settings/pool.ts';
import { edgeStatus } from '../edge/control-state.ts';
import { until } from '../until.ts';
import type { ProofWatcher, SeenAlert } from './proof-watcher.ts';
import type { Alerts, Scenario, Stage } from './scenario.ts';

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
  await until(tellDeadlineMs, async () => due.every(([kind, count]) => countOf(watcher, kind) >= count));
}

type Seen = Pick<ProofWatcher, 'alerts'>;

/** How often something came that is told: a cooldown that holds it back does not undo it. */
export function countOf({ alerts }: Seen, kind: AlertKind): number {
  const ofKind = alerts.filter((alert) => alert.kind === kind);
  const told = ofKind.filter(isTold);
  const incidents = new Set(told.map(({ incident }) => incident));
  const cooling = ofKind.filter(({ heldBack, incident }) => heldBack === 'cooldown' && !incidents.has(incident));
  return told.length + cooling.length;
}

export function isTold({ heldBack }: SeenAlert): boolean {
  return heldBack === undefined;
}

/** What was told, and was not to be; what was to be told, and was not. */
export function alertFaults({ alerts: { due, may = {}, says } }: Pick<Scenario, 'alerts'>, watcher: Seen): string[] {
  const told = watcher.alerts.filter(isTold);
  const undue = told.filter(({ kind }) => due[kind] === undefined && may[kind] === undefined);
  const counts = (bounds: Alerts['due'], seen: Seen) =>
    (Object.entries(bounds) as [AlertKind, number][]).map(([kind, wanted]) => ({
      kind,
      wanted,
      came: countOf(seen, kind),
    }));
  return [
    ...counts(due, watcher)
      .filter(({ came, wanted }) => came !== wanted)
      .map(({ kind, came, wanted }) => `the alert ${kind} was due ${wanted} times, and came ${came} times`),
    ...counts(may, { alerts: told })
      .filter(({ came, wanted }) => came > wanted)
      .map(({ kind, came, wanted }) => `the alert ${kind} may be told ${wanted} times, and was told ${came} times`),
    ...undue.map(({ kind, text }) => `an alert that was not due, ${kind}: ${text}`),
    ...(says === undefined || told.some(({ text }) => says.test(text)) ? [] : [`no alert says ${says.source}`]),
  ];
}
