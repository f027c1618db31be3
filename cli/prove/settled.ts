import type { LoadProcess } from '../../proof/load/load-process.ts';
import type { AlertKind } from '../../report/alert-kinds.ts';
import { otherPool } from '../../settings/pool.ts';
import { edgeStatus } from '../edge/control-state.ts';
import { until } from '../until.ts';
import type { ProofWatcher, SeenAlert } from './proof-watcher.ts';
import type { Alerts, Scenario, Stage } from './scenario.ts';

const calmMs = 1_500;
const settleDeadlineMs = 30_000;
const alertDeadlineMs = 12_000;

/**
 * Waits until traffic is back to normal: for 1.5 s nothing has failed and only the active pool has answered. False after 30 s
 * without that, or if the active pool is still flagged down.
 */
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

/** Waits for all due alerts, for at most 12 s; alertFaults() judges what is missing. */
export async function untilAlertsCame({ alerts }: Scenario, watcher: ProofWatcher): Promise<void> {
  const due = Object.entries(alerts.due) as [AlertKind, number][];
  await until(alertDeadlineMs, async () => due.every(([kind, count]) => countOf(watcher, kind) >= count));
}

type Seen = Pick<ProofWatcher, 'alerts'>;

/** How often an alert was raised: sent, or held back by a cooldown without having been sent for the same incident. */
export function countOf({ alerts }: Seen, kind: AlertKind): number {
  const ofKind = alerts.filter((alert) => alert.kind === kind);
  const sent = ofKind.filter(isSent);
  const incidents = new Set(sent.map(({ incident }) => incident));
  const cooling = ofKind.filter(({ heldBack, incident }) => heldBack === 'cooldown' && !incidents.has(incident));
  return sent.length + cooling.length;
}

export function isSent({ heldBack }: SeenAlert): boolean {
  return heldBack === undefined;
}

/** Alerts that are missing, came too often or were not expected, in words. */
export function alertFaults({ alerts: { due, may = {}, says } }: Pick<Scenario, 'alerts'>, watcher: Seen): string[] {
  const sent = watcher.alerts.filter(isSent);
  const undue = sent.filter(({ kind }) => due[kind] === undefined && may[kind] === undefined);
  const counts = (bounds: Alerts['due'], seen: Seen) =>
    (Object.entries(bounds) as [AlertKind, number][]).map(([kind, wanted]) => ({
      kind,
      wanted,
      came: countOf(seen, kind),
    }));
  return [
    ...counts(due, watcher)
      .filter(({ came, wanted }) => came !== wanted)
      .map(({ kind, came, wanted }) => `alert ${kind}: expected ${wanted}, got ${came}`),
    ...counts(may, { alerts: sent })
      .filter(({ came, wanted }) => came > wanted)
      .map(({ kind, came, wanted }) => `alert ${kind}: at most ${wanted} allowed, ${came} sent`),
    ...undue.map(({ kind, text }) => `unexpected alert ${kind}: ${text}`),
    ...(says === undefined || sent.some(({ text }) => says.test(text)) ? [] : [`no alert matches /${says.source}/`]),
  ];
}
