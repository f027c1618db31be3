import { alertKindNames, kindInfo } from '../../report/alert-kinds.ts';
import type { Alert, HeldBack } from '../alerts/alert.ts';

/** Something that goes on for a while. Plain data. */
export interface Incident {
  readonly id: string;
  readonly atMs: number;
  announced: boolean;
  /** That it was held back has been reported once. */
  held: boolean;
}

/** An incident that may be told once more, as it has become worse. */
export interface Worsening extends Incident {
  /** Set from then on. */
  worse?: Incident;
}

/** One kind of alert in one direction, with a key such as `failover:blue` that begins with the kind. */
export interface Gate {
  quietUntilMs: number;
  heldBack: HeldBack | null;
}

export type Gates = Record<string, Gate>;

export interface GatePolicy {
  readonly cooldownMs: number;
  /** Planned work: failovers are not told. */
  readonly maintenance: boolean;
  /** Nothing is told. */
  readonly muted?: boolean | undefined;
}

const heldInMaintenance: readonly string[] = alertKindNames.filter((kind) => kindInfo(kind).heldInMaintenance);

/** What becomes of an alert: it is told, or it is held back and why. */
export type Verdict =
  | { readonly fate: 'send'; readonly alert: Alert }
  | {
      readonly fate: 'hold';
      readonly alert: Alert;
      readonly reason: 'cooldown' | 'maintenance' | 'muted' | 'not-announced';
    };

/** Begins an incident; its id reads as month, day, time (UTC) and a running number. */
export function beginIncident(counter: { incidents: number }, atMs: number): Incident {
  counter.incidents++;
  const stamp = new Date(atMs).toISOString();
  const id = `${stamp.slice(5, 7)}${stamp.slice(8, 10)}-${stamp.slice(11, 13)}${stamp.slice(14, 16)}-${counter.incidents}`;
  return { id, atMs, announced: false, held: false };
}

/**
 * Tells an open incident that has not been told, unless maintenance, a mute or its gate's cooldown holds it back; called
 * again later, it tells it then.
 * @param describe called only when there is something to say
 * @param overdue tell it whatever the cooldown says, because it also ends an incident that was told
 */
export function announce(
  gates: Gates,
  key: string,
  incident: Incident,
  describe: () => Alert,
  nowMs: number,
  policy: GatePolicy,
  overdue = false,
): Verdict | undefined {
  if (incident.announced) return undefined;
  const gate = gateOf(gates, key);
  const kind = key.split(':', 1)[0] ?? '';
  const reason = silencedBy(kind, policy) ?? (!overdue && isQuiet(gate, nowMs, policy) ? 'cooldown' : undefined);
  if (reason !== undefined) {
    if (incident.held) return undefined;
    incident.held = true;
    return { fate: 'hold', alert: describe(), reason };
  }
  incident.announced = true;
  const { heldBack } = gate;
  const alert = describe();
  gate.heldBack = null;
  gate.quietUntilMs = nowMs + policy.cooldownMs;
  return { fate: 'send', alert: heldBack === null ? alert : { ...alert, heldBack } };
}

/** Tells an incident that was told once more, as it has become worse: that is news, whatever the cooldown says. */
export function escalate(
  gates: Gates,
  key: string,
  incident: Worsening,
  describe: () => Alert,
  nowMs: number,
  policy: GatePolicy,
): Verdict | undefined {
  incident.worse ??= { id: incident.id, atMs: nowMs, announced: false, held: false };
  return announce(gates, key, incident.worse, describe, nowMs, policy, true);
}

/**
 * Ends an incident with `alert`, which is told if its beginning was. If it was not, the incident is counted for the next
 * message of its kind.
 */
export function conclude(gates: Gates, key: string, incident: Incident, alert: Alert, policy: GatePolicy): Verdict {
  if (!incident.announced) {
    countHeldBack(gates, key, incident);
    return { fate: 'hold', alert, reason: 'not-announced' };
  }
  return sendNow(alert, policy);
}

/** What happens once and is told whatever the cooldown says. */
export function sendNow(alert: Alert, policy: GatePolicy): Verdict {
  const reason = silencedBy(alert.kind, policy);
  return reason === undefined ? { fate: 'send', alert } : { fate: 'hold', alert, reason };
}

/** Counts an incident that is over and was never told. */
export function countHeldBack(gates: Gates, key: string, incident: Incident): void {
  const gate = gateOf(gates, key);
  gate.heldBack = { count: (gate.heldBack?.count ?? 0) + 1, sinceMs: gate.heldBack?.sinceMs ?? incident.atMs };
}

/** Takes incidents that another message tells off those that the gate's next one would count. */
export function forgetHeldBack(gates: Gates, key: string, count: number): void {
  const gate = gateOf(gates, key);
  if (gate.heldBack === null || count === 0) return;
  const left = gate.heldBack.count - count;
  gate.heldBack = left > 0 ? { ...gate.heldBack, count: left } : null;
}

/** What holds an alert back whatever was told before. */
function silencedBy(kind: string, { muted, maintenance }: GatePolicy): 'muted' | 'maintenance' | undefined {
  if (muted) return 'muted';
  return maintenance && heldInMaintenance.includes(kind) ? 'maintenance' : undefined;
}

function gateOf(gates: Gates, key: string): Gate {
  gates[key] ??= { quietUntilMs: 0, heldBack: null };
  return gates[key];
}

function isQuiet(gate: Gate, nowMs: number, policy: GatePolicy): boolean {
  // Further away than one cooldown: the clock was set back, and that must not silence anything.
  return nowMs < gate.quietUntilMs && gate.quietUntilMs - nowMs <= policy.cooldownMs;
}
