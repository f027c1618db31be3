import { alertKindNames, kindInfo } from '../../report/alert-kinds.ts';
import type { Alert, HeldBack } from '../alerts/alert.ts';

/** A problem with a beginning and an end. Plain data. */
export interface Incident {
  readonly id: string;
  readonly atMs: number;
  /** Its alert was sent. */
  announced: boolean;
  /** Its alert was held back, which has been reported. */
  held: boolean;
}

/** An incident whose alert may be sent a second time because it got worse. */
export interface EscalatingIncident extends Incident {
  /** The state of the second alert; set once the incident has escalated. */
  escalation?: Incident;
}

/** The cooldown of one kind of alert in one direction. Its key begins with the kind, as in `failover:blue`. */
export interface Gate {
  cooldownUntilMs: number;
  heldBack: HeldBack | null;
}

export type Gates = Record<string, Gate>;

export interface GatePolicy {
  readonly cooldownMs: number;
  /** Planned work: failover alerts are held back. */
  readonly maintenance: boolean;
  /** All alerts are held back. */
  readonly muted?: boolean | undefined;
}

const heldInMaintenance: readonly string[] = alertKindNames.filter((kind) => kindInfo(kind).heldInMaintenance);

/** Whether an alert is sent or held back, and why it is held back. */
export type Verdict =
  | { readonly fate: 'send'; readonly alert: Alert }
  | {
      readonly fate: 'hold';
      readonly alert: Alert;
      readonly reason: 'cooldown' | 'maintenance' | 'muted' | 'not-announced';
    };

/** Begins an incident. Its id consists of month and day, time (UTC) and a running number: `1123-1405-7`. */
export function beginIncident(counter: { incidents: number }, atMs: number): Incident {
  counter.incidents++;
  const stamp = new Date(atMs).toISOString();
  const id = `${stamp.slice(5, 7)}${stamp.slice(8, 10)}-${stamp.slice(11, 13)}${stamp.slice(14, 16)}-${counter.incidents}`;
  return { id, atMs, announced: false, held: false };
}

/**
 * Sends the alert of an open incident unless it has been sent already, or maintenance, a mute or the gate's cooldown holds it
 * back. Call it again later to send an alert that was held back.
 * @param describe called only if there is a verdict
 * @param ignoresCooldown for an alert that also ends or escalates an incident whose alert was sent
 * @returns undefined if the alert was sent before, or is still held back
 */
export function announce(
  gates: Gates,
  key: string,
  incident: Incident,
  describe: () => Alert,
  nowMs: number,
  policy: GatePolicy,
  ignoresCooldown = false,
): Verdict | undefined {
  if (incident.announced) return undefined;
  const gate = gateOf(gates, key);
  const kind = key.split(':', 1)[0] ?? '';
  const reason =
    holdReason(kind, policy) ?? (!ignoresCooldown && isCoolingDown(gate, nowMs, policy) ? 'cooldown' : undefined);
  if (reason !== undefined) {
    if (incident.held) return undefined;
    incident.held = true;
    return { fate: 'hold', alert: describe(), reason };
  }
  incident.announced = true;
  const { heldBack } = gate;
  const alert = describe();
  gate.heldBack = null;
  gate.cooldownUntilMs = nowMs + policy.cooldownMs;
  return { fate: 'send', alert: heldBack === null ? alert : { ...alert, heldBack } };
}

/** Sends a second alert for an incident that got worse, regardless of the cooldown. */
export function escalate(
  gates: Gates,
  key: string,
  incident: EscalatingIncident,
  describe: () => Alert,
  nowMs: number,
  policy: GatePolicy,
): Verdict | undefined {
  incident.escalation ??= { id: incident.id, atMs: nowMs, announced: false, held: false };
  return announce(gates, key, incident.escalation, describe, nowMs, policy, true);
}

/**
 * Ends an incident with `alert`, which is sent only if the alert of its beginning was. Otherwise the incident is counted as
 * held back, and the next alert of its kind gives the count.
 */
export function conclude(gates: Gates, key: string, incident: Incident, alert: Alert, policy: GatePolicy): Verdict {
  if (!incident.announced) {
    countHeldBack(gates, key, incident);
    return { fate: 'hold', alert, reason: 'not-announced' };
  }
  return sendNow(alert, policy);
}

/** Sends an alert regardless of any cooldown, unless maintenance or a mute holds it back. */
export function sendNow(alert: Alert, policy: GatePolicy): Verdict {
  const reason = holdReason(alert.kind, policy);
  return reason === undefined ? { fate: 'send', alert } : { fate: 'hold', alert, reason };
}

/** Counts an incident that has ended and whose alert was never sent. */
export function countHeldBack(gates: Gates, key: string, incident: Incident): void {
  const gate = gateOf(gates, key);
  gate.heldBack = { count: (gate.heldBack?.count ?? 0) + 1, sinceMs: gate.heldBack?.sinceMs ?? incident.atMs };
}

/** Subtracts incidents that another alert covers from the count that the gate's next alert gives. */
export function forgetHeldBack(gates: Gates, key: string, count: number): void {
  const gate = gateOf(gates, key);
  if (gate.heldBack === null || count === 0) return;
  const left = gate.heldBack.count - count;
  gate.heldBack = left > 0 ? { ...gate.heldBack, count: left } : null;
}

/** What holds back an alert, apart from a cooldown. */
function holdReason(kind: string, { muted, maintenance }: GatePolicy): 'muted' | 'maintenance' | undefined {
  if (muted) return 'muted';
  return maintenance && heldInMaintenance.includes(kind) ? 'maintenance' : undefined;
}

function gateOf(gates: Gates, key: string): Gate {
  gates[key] ??= { cooldownUntilMs: 0, heldBack: null };
  return gates[key];
}

function isCoolingDown(gate: Gate, nowMs: number, policy: GatePolicy): boolean {
  // An end more than one cooldown away means that the clock was set back, which must not hold anything back.
  return nowMs < gate.cooldownUntilMs && gate.cooldownUntilMs - nowMs <= policy.cooldownMs;
}

/** Adds a verdict, if there is one. */
export function push(verdicts: Verdict[], verdict: Verdict | undefined): void {
  if (verdict !== undefined) verdicts.push(verdict);
}
