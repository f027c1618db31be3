import { type BurnRateState, newBurnRateState } from './burn-rate.ts';
import { type ErrorRateState, newErrorRateState } from './error-rate.ts';
import type { DownFlags } from './flags.ts';
import type { GatePolicy, Gates } from './incident.ts';
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
  };
}
