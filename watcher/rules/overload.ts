import type { Overload, OverloadResolved } from '../alerts/alert.ts';
import { announce, beginIncident, conclude, push, type Verdict } from './incident.ts';
import type { Policy, State } from './state.ts';

/** Longer than the prober keeps its flag after one moment in which both pools were late. */
const overloadedForMs = 15_000;
const gateKey = 'overload';

/** Alerts when the machine is so busy that both pools answer their health checks late: none of them is to blame. */
export function overloadTick(state: State, nowMs: number, verdicts: Verdict[], policy: Policy): void {
  const { flags, overload, gates } = state;
  // The flags are not known, so nothing has changed.
  if (flags === null) return;
  // A flag that a killed prober left behind says nothing.
  if (flags.overloaded === undefined || flags.guarded === undefined) {
    const { open } = overload;
    overload.sinceMs = null;
    overload.open = null;
    if (open === null) return;
    const { id: incident, atMs } = open;
    const alert: OverloadResolved = {
      kind: 'overload-resolved',
      incident,
      atMs: nowMs,
      lastedMs: Math.max(0, nowMs - atMs),
    };
    verdicts.push(conclude(gates, gateKey, open, alert, policy));
    return;
  }
  overload.sinceMs = Math.min(overload.sinceMs ?? nowMs, nowMs);
  if (overload.open === null && nowMs - overload.sinceMs >= overloadedForMs) {
    overload.open = beginIncident(state, overload.sinceMs);
  }
  const { open } = overload;
  if (open === null) return;
  const alert = (): Overload => ({ kind: 'overload', incident: open.id, atMs: open.atMs, active: flags.active });
  push(verdicts, announce(gates, gateKey, open, alert, nowMs, policy));
}
