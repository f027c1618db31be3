import type { JournalRecord, RecordOf } from '../../journal/record.ts';
import type { Alert } from '../alerts/alert.ts';
import type { AccessEvent } from '../request/event.ts';
import { beginIncident, sendNow, type Verdict } from './incident.ts';
import type { Policy, State } from './state.ts';
import { expectSwitch, switchAsExpected } from './switch.ts';

/** A deploy that has not ended this long after its standby should have been ready is given up: its command was killed. */
const unfinishedForMs = 60 * 60_000;
/** A deploy excuses a standby that is down for at most this long, whatever its record says. */
export const maxDowntimeMs = 2 * 60 * 60_000;
/** The last requests that got the maintenance page may reach the log only a moment after maintenance has ended. */
const lastLinesMs = 1_000;

/** Applies a journal record. Records come in the journal's order, and in time order with the requests in the log. */
export function applyRecord(
  state: State,
  record: JournalRecord,
  nowMs: number,
  verdicts: Verdict[],
  policy: Policy,
): void {
  const send = (alert: Alert) => verdicts.push(sendNow(alert, policy));
  switch (record.kind) {
    case 'switch':
      if (record.reason === 'bake') extendDowntime(state, record);
      expectSwitch(state, record, nowMs);
      return;
    case 'deploy-started': {
      beginDeploy(state, record);
      const { image, replaces, activeRelease } = record;
      send({
        ...deployBase(record),
        kind: 'deploy-started',
        image,
        replaces,
        activeRelease,
      });
      return;
    }
    case 'deploy-failed': {
      endDeploy(state, record, nowMs);
      const { deploy, pool, release, step, why, restored, tookMs, rolledBack, wasUsed, noWayBack } = record;
      // The alert of the switch back covers a rollback, but not that the standby was not restored.
      if (rolledBack && restored !== undefined) return;
      if (noWayBack !== undefined) state.operations.stillActive = { incident: deploy, pool, release };
      send({
        ...deployBase(record),
        kind: 'deploy-failed',
        step,
        why,
        tookMs,
        restored,
        ...(rolledBack ? { rolledBack } : {}),
        wasLive: wasUsed,
        noWayBack,
      });
      return;
    }
    case 'deploy-finished': {
      endDeploy(state, record, nowMs);
      const { pool, switched, tookMs, bake } = record;
      // Without visitors, no request has shown the switch, which came before this record.
      if (switched) switchAsExpected(state, pool, nowMs, verdicts, policy);
      const details = { switched, tookMs, bake };
      send({ ...deployBase(record), kind: 'deploy-finished', ...details });
      return;
    }
    case 'canary': {
      const { deploy, atMs, actor, percent, pool, release, why, didBadly } = record;
      if (percent === 0) extendDowntime(state, record);
      send({
        kind: 'canary',
        incident: deploy ?? beginIncident(state, atMs).id,
        atMs,
        actor,
        percent,
        pool,
        release,
        why,
        didBadly,
      });
      return;
    }
    case 'maintenance':
      setMaintenance(state, record, nowMs, send);
      return;
    case 'mute':
    case 'unmute':
      // The rules go by the mute flag, not by the journal.
      return;
    case 'alert-test': {
      const { test, atMs, actor } = record;
      // Somebody is waiting for a test alert, so neither a mute nor maintenance holds it back.
      verdicts.push({ fate: 'send', alert: { kind: 'test', incident: test, atMs, actor } });
      return;
    }
    default:
      record satisfies never;
  }
}

/** Applies a journal record from before the watcher's first start, without sending alerts. */
export function learn(state: State, record: JournalRecord, nowMs: number): void {
  if (record.kind === 'deploy-started') beginDeploy(state, record);
  else if (record.kind === 'deploy-failed' || record.kind === 'deploy-finished') endDeploy(state, record, nowMs);
}

/** Counts an answer with the maintenance page: a 503 without an attempt at any pool. */
export function countMaintenanceAnswer({ operations }: State, { status, attempts }: AccessEvent): void {
  if (operations.maintenance !== null && status === 503 && attempts.length === 0) operations.maintenance.answered++;
}

export function operationsTick(state: State, nowMs: number, verdicts: Verdict[], policy: Policy): void {
  const { operations } = state;
  const { deploy, maintenance } = operations;
  if (deploy !== null && nowMs - deploy.untilMs > unfinishedForMs) operations.deploy = null;
  const off = maintenance?.off ?? null;
  if (maintenance === null || off === null || Math.abs(nowMs - off.seenMs) < lastLinesMs) return;
  operations.maintenance = null;
  const { incident, sinceMs, answered } = maintenance;
  const { atMs, actor } = off;
  const lastedMs = Math.max(0, atMs - sinceMs);
  verdicts.push(sendNow({ kind: 'maintenance-off', incident, atMs, actor, lastedMs, answered }, policy));
}

function beginDeploy(
  { operations }: State,
  { deploy, pool, release, atMs, untilMs }: RecordOf<'deploy-started'>,
): void {
  operations.deploy = { id: deploy, pool, release, sinceMs: atMs, untilMs };
  operations.downtime = { pool, untilMs };
}

/** A deploy takes its release off the pool again. The pool gets as long for that as it had to become ready. */
function extendDowntime({ operations }: State, { deploy, atMs }: RecordOf<'switch' | 'canary'>): void {
  const open = operations.deploy;
  if (open === null || open.id !== deploy) return;
  operations.downtime = { pool: open.pool, untilMs: Math.max(open.untilMs, atMs + open.untilMs - open.sinceMs) };
}

function endDeploy(
  { operations }: State,
  { deploy, pool }: RecordOf<'deploy-failed' | 'deploy-finished'>,
  nowMs: number,
): void {
  if (operations.deploy?.id !== deploy) return;
  operations.deploy = null;
  operations.downtime = { pool, untilMs: Math.min(operations.downtime?.untilMs ?? nowMs, nowMs) };
}

function setMaintenance(
  state: State,
  record: RecordOf<'maintenance'>,
  nowMs: number,
  send: (alert: Alert) => void,
): void {
  const { operations } = state;
  const { atMs, actor } = record;
  const { maintenance } = operations;
  if (!record.on) {
    if (maintenance === null) {
      send({ kind: 'maintenance-off', incident: beginIncident(state, atMs).id, atMs, actor });
    } else if (maintenance.off === null) {
      operations.maintenance = { ...maintenance, off: { atMs, seenMs: nowMs, actor } };
    }
    return;
  }
  // Off and on again within a second counts as one maintenance; on while it is on changes nothing.
  if (maintenance !== null) {
    operations.maintenance = { ...maintenance, off: null };
    return;
  }
  const incident = beginIncident(state, atMs).id;
  operations.maintenance = { incident, sinceMs: atMs, answered: 0, off: null };
  send({ kind: 'maintenance-on', incident, atMs, actor });
}

function deployBase({
  deploy,
  atMs,
  actor,
  pool,
  release,
}: RecordOf<'deploy-started' | 'deploy-failed' | 'deploy-finished'>) {
  return { incident: deploy, atMs, actor, pool, release };
}
