import type { SwitchRecord } from '../../journal/record.ts';
import type { Pool } from '../../settings/pool.ts';
import type { AwayEvent, Failover, HeldBack, Outage, StandbyDown, Switch } from '../alerts/alert.ts';
import type { DownFlags } from '../control/flags.ts';
import type { SeenRecord } from '../control/journal.ts';
import type { RequestIds } from '../request/event.ts';
import { type Buckets, newBuckets } from './buckets.ts';
import type { GatePolicy, Gates, Incident, Worsening } from './incident.ts';
import { newWindow, type Window } from './window.ts';

/** Everything that a decision rests on: plain JSON, so that it can be written down and read back. */
export interface State {
  /** Incidents so far, for their ids. */
  incidents: number;
  readonly gates: Gates;
  flags: DownFlags | null;
  readonly routing: RoutingState;
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
  readonly sloPercent?: number | undefined;
}

export function newState(policy: Policy): State {
  return {
    incidents: 0,
    gates: {},
    flags: null,
    routing: newRoutingState(),
    errorRate: newErrorRateState(policy.windowSize),
    burnRate: newBurnRateState(),
    outage: newOutageState(),
    standby: newStandbyState(),
    operations: newOperationsState(),
    mute: newMuteState(),
    journal: null,
  };
}

/** Plain data. */
export interface BurnRateState {
  readonly buckets: Buckets;
  open: Incident | null;
  /** The last one that failed. */
  lastFailed: RequestIds | null;
}

export function newBurnRateState(): BurnRateState {
  return { buckets: newBuckets(), open: null, lastFailed: null };
}

export interface OpenErrorRate extends Worsening {
  /** It was told that visitors see no error. */
  masked?: boolean;
}

/** Plain data. */
export interface ErrorRateState {
  readonly window: Window;
  open: OpenErrorRate | null;
  /** Since when the rate has been low enough to be resolved. */
  calmSinceMs: number | null;
  /** When the failed samples ended that no pool made good; at most two windows'. */
  readonly visibleMs: number[];
  /** The last one that failed. */
  lastFailed: RequestIds | null;
}

export function newErrorRateState(windowSize: number): ErrorRateState {
  return { window: newWindow(windowSize), open: null, calmSinceMs: null, visibleMs: [], lastFailed: null };
}

/** A failover that is over. */
export interface PastFailover {
  readonly atMs: number;
  readonly served: number;
  readonly sent: boolean;
}

/** Its id is also that of the failovers within it. */
export interface OpenFlapping extends Incident {
  readonly pool: Pool;
  readonly standby: Pool;
  readonly cause?: string | undefined;
  /** The start of the first of the failovers that it counts. */
  firstMs: number;
  failovers: number;
  /** Requests that the standby answered in those that are over. */
  served: number;
  /** The failovers before it that a cooldown held back: its message tells them. */
  readonly heldBackCount: number;
  /** The last failover or recovery. */
  changedMs: number;
}

/** Plain data. */
export interface FlappingState {
  /** The last failovers of the active pool: no more than it takes. */
  recent: readonly PastFailover[];
  open: OpenFlapping | null;
}

export function newFlappingState(): FlappingState {
  return { recent: [], open: null };
}

export interface OpenMute {
  readonly incident: string;
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly actor: string;
  /** What was held back. */
  readonly events: readonly AwayEvent[];
  readonly more: number;
  /** What the gates had held back before: the list tells what is added meanwhile. */
  readonly heldBefore: { readonly [gate: string]: HeldBack };
}

/** Plain data. */
export interface MuteState {
  open: OpenMute | null;
}

export function newMuteState(): MuteState {
  return { open: null };
}

interface OpenDeploy {
  readonly id: string;
  readonly pool: Pool;
  readonly release: string;
  readonly sinceMs: number;
  readonly untilMs: number;
}

interface OpenMaintenance {
  readonly incident: string;
  readonly sinceMs: number;
  answered: number;
  /** Set once it is over and not told yet. */
  readonly off: { readonly atMs: number; readonly seenMs: number; readonly actor: string } | null;
}

/** What operators are at, as the journal tells it. Plain data. */
export interface OperationsState {
  /** Switches that nothing has shown yet. */
  expected: readonly ExpectedSwitch[];
  deploy: OpenDeploy | null;
  /** A pool that may be down until then, as a deploy works on it. */
  quiet: { readonly pool: Pool; readonly untilMs: number } | null;
  /** A release that failed and could not be rolled back; the next switch ends it. */
  stillLive: { readonly incident: string; readonly pool: Pool; readonly release: string } | null;
  maintenance: OpenMaintenance | null;
}

export function newOperationsState(): OperationsState {
  return { expected: [], deploy: null, quiet: null, stillLive: null, maintenance: null };
}

export interface OpenOutage extends Worsening {
  alert: Outage;
  unserved: number;
}

/** Plain data. */
export interface OutageState {
  unservedInRow: number;
  /** The starts of the first and of the latest request of that row. */
  firstUnservedMs: number;
  lastUnservedMs: number;
  /** The latest start of a request that was served: one that began earlier shows no outage, however late it fails. */
  lastServedMs: number;
  bothDownSinceMs: number | null;
  /** A request was served although both pools fail their checks: the checks are wrong about it. */
  checksDisproved: boolean;
  open: OpenOutage | null;
}

export function newOutageState(): OutageState {
  return {
    unservedInRow: 0,
    firstUnservedMs: 0,
    lastUnservedMs: 0,
    lastServedMs: 0,
    bothDownSinceMs: null,
    checksDisproved: false,
    open: null,
  };
}

export interface OpenStandbyDown extends Incident {
  readonly alert: StandbyDown;
}

/** Plain data. */
export interface StandbyState {
  open: OpenStandbyDown | null;
}

export function newStandbyState(): StandbyState {
  return { open: null };
}

export interface OpenSwitch extends Incident {
  readonly alert: Switch;
}

/** A record of the journal that is written just before its effect. */
export interface ExpectedSwitch {
  readonly record: SwitchRecord;
  readonly seenMs: number;
}

export interface OpenFailover extends Incident {
  readonly alert: Failover;
  /** When the last request that the standby answered was handed to it. */
  lastReroutedMs: number;
  served: number;
}

/** Who is active and who answers, as the log tells it. */
export interface RoutingState {
  active: Pool | null;
  /** Who answered last. */
  serving: Pool | null;
  /** The latest start of a request that was routed under the current active colour. */
  latestStartMs: number;
  /** The start of the request that showed the current active colour. */
  activeSinceMs: number;
  /** When the request that showed the last recovery was routed: nothing that began earlier shows another failover. */
  transitionMs: number;
  failover: OpenFailover | null;
  /** When the active pool last broke an answer off. */
  cutOffMs: number;
  readonly flapping: FlappingState;
  /** The last switch, which may still have to be told. */
  switched: OpenSwitch | null;
  /** Since the first start, told or not: failovers by the pool that was left, switches by the one that became active. */
  readonly failovers: { [pool in Pool]: number };
  readonly switches: { [pool in Pool]: number };
}

export function newRoutingState(): RoutingState {
  return {
    active: null,
    serving: null,
    latestStartMs: 0,
    activeSinceMs: 0,
    transitionMs: 0,
    failover: null,
    cutOffMs: 0,
    flapping: newFlappingState(),
    switched: null,
    failovers: { blue: 0, green: 0 },
    switches: { blue: 0, green: 0 },
  };
}

/** What is kept of a watch over a restart. Plain JSON. */
export interface WatchSnapshot {
  readonly state: State;
  readonly lines: number;
  readonly rejects: Readonly<Record<string, number>>;
  readonly heldBack: number;
  readonly previews: number;
  readonly lastEndMs: number;
  readonly lastTickMs: number;
}
