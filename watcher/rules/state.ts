// All state of the rules, on one page, and so longer than other files.

import type { Certificate } from '../../certificates/report.ts';
import type { SwitchRecord } from '../../journal/record.ts';
import type { Pool } from '../../settings/pool.ts';
import type { AwayEvent, Failover, HeldBack, Outage, StandbyDown, Switch } from '../alerts/alert.ts';
import type { DownFlags } from '../control/flags.ts';
import type { SeenRecord } from '../control/journal.ts';
import type { RequestIds } from '../request/event.ts';
import { type Buckets, newBuckets } from './buckets.ts';
import type { EscalatingIncident, GatePolicy, Gates, Incident } from './incident.ts';
import { newWindow, type Window } from './window.ts';

/** Everything that decisions depend on. Plain JSON, so that a checkpoint can hold it. */
export interface State {
  /** The number of incidents so far, for their ids. */
  incidents: number;
  readonly gates: Gates;
  flags: DownFlags | null;
  readonly routing: RoutingState;
  readonly errorRate: ErrorRateState;
  readonly burnRate: BurnRateState;
  readonly outage: OutageState;
  readonly standby: StandbyState;
  readonly overload: OverloadState;
  readonly certificates: CertificatesState;
  readonly operations: OperationsState;
  readonly mute: MuteState;
  /** The last journal record that has been applied; null if the journal has not been read yet. */
  journal: SeenRecord | null;
}

/** The rules' settings. */
export interface Policy extends GatePolicy {
  readonly windowSize: number;
  readonly thresholdPercent: number;
  /** The share of requests that should succeed; undefined if there is no error budget. */
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
    overload: newOverloadState(),
    certificates: newCertificatesState(),
    operations: newOperationsState(),
    mute: newMuteState(),
    journal: null,
  };
}

/** Plain data. */
export interface BurnRateState {
  readonly buckets: Buckets;
  open: Incident | null;
  /** The last request that failed. */
  lastFailed: RequestIds | null;
}

export function newBurnRateState(): BurnRateState {
  return { buckets: newBuckets(), open: null, lastFailed: null };
}

export interface OpenErrorRate extends EscalatingIncident {
  /** Its alert said that no error reached a visitor. */
  masked?: boolean;
}

/** Plain data. */
export interface ErrorRateState {
  readonly window: Window;
  open: OpenErrorRate | null;
  /** Since when the rate has been low enough to be resolved. */
  calmSinceMs: number | null;
  /** When failed requests ended whose error reached a visitor; at most two windows of them. */
  readonly visibleMs: number[];
  /** The same for those that failed on both pools. */
  readonly sharedMs: number[];
  /** The last request that failed … */
  lastFailed: RequestIds | null;
  /** … and why, if its status does not show that. */
  lastCause: string | null;
}

export function newErrorRateState(windowSize: number): ErrorRateState {
  return {
    window: newWindow(windowSize),
    open: null,
    calmSinceMs: null,
    visibleMs: [],
    sharedMs: [],
    lastFailed: null,
    lastCause: null,
  };
}

/** A failover that has ended. */
export interface PastFailover {
  readonly atMs: number;
  readonly served: number;
  /** Its alert was sent. */
  readonly sent: boolean;
}

/** The failovers within it share its id. */
export interface OpenFlapping extends Incident {
  readonly pool: Pool;
  readonly standby: Pool;
  readonly cause?: string | undefined;
  /** When the first failover that it counts began. */
  firstMs: number;
  failovers: number;
  /** Requests that the standby answered in the failovers that have ended. */
  served: number;
  /** The number of earlier failovers that a cooldown held back: its alert covers them. */
  readonly heldBackCount: number;
  /** When the pool last failed over or recovered. */
  changedMs: number;
}

/** Plain data. */
export interface FlappingState {
  /** The last failovers of the active pool, no more than are needed to detect flapping. */
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
  /** The alerts that were held back. */
  readonly events: readonly AwayEvent[];
  /** How many more events the list leaves out. */
  readonly more: number;
  /** What each gate had held back before the mute. `events` covers what is held back during it. */
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
  /** Set once maintenance has ended and until its alert is sent. */
  readonly off: { readonly atMs: number; readonly seenMs: number; readonly actor: string } | null;
}

/** What operators are doing, according to the journal. Plain data. */
export interface OperationsState {
  /** Switches in the journal that neither a request nor a flag has shown yet. */
  expected: readonly ExpectedSwitch[];
  deploy: OpenDeploy | null;
  /** A pool that may be down until then because of a deploy to it. */
  downtime: { readonly pool: Pool; readonly untilMs: number } | null;
  /** A release that failed and could not be rolled back; the next switch ends it. */
  stillActive: { readonly incident: string; readonly pool: Pool; readonly release: string } | null;
  maintenance: OpenMaintenance | null;
}

export function newOperationsState(): OperationsState {
  return { expected: [], deploy: null, downtime: null, stillActive: null, maintenance: null };
}

export interface OpenOutage extends EscalatingIncident {
  alert: Outage;
  unserved: number;
}

/** Plain data. */
export interface OutageState {
  /** Consecutive requests that no pool could serve. */
  unservedInRow: number;
  /** When the first and the latest of these requests began. */
  firstUnservedMs: number;
  lastUnservedMs: number;
  /** The latest start of a request that was served. A request that began earlier shows no outage, however late it fails. */
  lastServedMs: number;
  bothDownSinceMs: number | null;
  /** A request was served although both pools fail their health checks, so the checks are wrong. */
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

/** Plain data. */
export interface OverloadState {
  /** Since when the machine has been overloaded; null if it is not. */
  sinceMs: number | null;
  open: Incident | null;
}

export function newOverloadState(): OverloadState {
  return { sinceMs: null, open: null };
}

/** What is wrong with the certificate of one domain. `announced` says that any of its alerts was sent. */
export interface CertificateTrouble extends Incident {
  readonly domain: string;
  /** The certificate that is shown. Another one can end the trouble. */
  source: Certificate['source'];
  issuer: string;
  notAfterMs: number;
  /** How many thresholds it has passed on its way to its end. */
  stage: number;
  /** The alert about the last of them, and the one about failed attempts; null if it is not due. */
  expiring: Incident | null;
  failing: Incident | null;
}

/** Plain data. */
export interface CertificatesState {
  /** By domain. */
  readonly troubles: Record<string, CertificateTrouble>;
  /** Since when a domain has had only a self-signed certificate. */
  readonly selfSignedSinceMs: Record<string, number>;
}

export function newCertificatesState(): CertificatesState {
  return { troubles: {}, selfSignedSinceMs: {} };
}

export interface OpenSwitch extends Incident {
  readonly alert: Switch;
}

/** A switch in the journal, whose record is written just before the switch takes effect. */
export interface ExpectedSwitch {
  readonly record: SwitchRecord;
  readonly seenMs: number;
}

export interface OpenFailover extends Incident {
  readonly alert: Failover;
  /** When the edge last routed a request to the standby. */
  lastReroutedMs: number;
  served: number;
}

/** Which pool is active and which one serves, according to the log. */
export interface RoutingState {
  active: Pool | null;
  /** The pool that answered last. */
  serving: Pool | null;
  /** The latest start of a request that was routed under the current active pool. */
  latestStartMs: number;
  /** The start of the request that showed the current active pool. */
  activeSinceMs: number;
  /**
   * The last failover, or when the request that showed the last recovery was routed. A request that began earlier shows no
   * failover.
   */
  transitionMs: number;
  failover: OpenFailover | null;
  /** When the active pool last cut off an answer. */
  cutOffMs: number;
  readonly flapping: FlappingState;
  /** The last switch. Its alert may still have to be sent. */
  switched: OpenSwitch | null;
  /**
   * Counts since the first start, whether or not an alert was sent: failovers by the pool that failed, switches by the pool
   * that became active.
   */
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

/** The part of a watch that survives a restart. Plain JSON. */
export interface WatchSnapshot {
  readonly state: State;
  readonly lines: number;
  readonly rejects: Readonly<Record<string, number>>;
  readonly heldBack: number;
  readonly previews: number;
  readonly lastEndMs: number;
  readonly lastTickMs: number;
}
