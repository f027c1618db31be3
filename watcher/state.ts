import { type BurnRateState, newBurnRateState } from './burn-rate.ts';
import { type ErrorRateState, newErrorRateState } from './error-rate.ts';
import type { DownFlags } from './flags.ts';
import type { GatePolicy, Gates } from './incident.ts';
import type { SeenRecord } from './journal.ts';
import { type MuteState, newMuteState } from './mute.ts';
import { newOperationsState, type OperationsState } from './operations.ts';
import { newOutageState, type OutageState } from './outage.ts';
import { newStandbyState, type StandbyState } from './standby.ts';
import { newTrafficState, type TrafficState } from './traffic.ts';

/** Everything that a decision rests on: plain JSON, so that it can be written down and read back. */
export interface State {
  /** Incidents so far, for their ids. */
  incidents: number;
  readonly gates: Gates;
  flags: DownFlags | null;
  readonly traffic: TrafficState;
  readonly errorRate: ErrorRateState;
  readonly burnRate: BurnRateState;
  readonly outage: OutageState;
  readonly standby: StandbyState;
  readonly operations: OperationsState;
  readonly mute: MuteState;
  /** The last record of the journal that has been taken; null: none has been looked for yet. */
  journal: SeenRecord | null;
}

/** The rules' numbers. */
export interface Policy extends GatePolicy {
  readonly windowSize: number;
  readonly thresholdPercent: number;
  /** The share of requests that are to succeed; undefined: the error budget is not watched. */
  readonly sloPercent?: number;
}

export function newState(policy: Policy): State {
  return {
    incidents: 0,
    gates: {},
    flags: null,
    traffic: newTrafficState(),
    errorRate: newErrorRateState(policy.windowSize),
    burnRate: newBurnRateState(),
    outage: newOutageState(),
    standby: newStandbyState(),
    operations: newOperationsState(),
    mute: newMuteState(),
    journal: null,
  };
}
