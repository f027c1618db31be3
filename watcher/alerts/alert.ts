import type { SwitchRecord } from '../../journal/record.ts';
import type { Pool } from '../../settings/pool.ts';
import type { RequestIds } from '../request/event.ts';

/** Alerts of the same kind that a cooldown or maintenance kept from being sent, told with the next one. */
export interface HeldBack {
  readonly count: number;
  readonly sinceMs: number;
}

export interface AlertBase {
  /** The same on every message of one incident. */
  readonly incident: string;
  /** When it happened, which is not when it is told if it was held back for a while. */
  readonly atMs: number;
  readonly heldBack?: HeldBack | undefined;
  /** Of the request that showed it, as the access log and the traces have them; absent: no single request did. */
  readonly request?: RequestIds | undefined;
}

export interface Failover extends AlertBase {
  readonly kind: 'failover';
  readonly from: Pool;
  readonly to: Pool;
  readonly release?: string | undefined;
  /** The way the first rerouted request took. */
  readonly upstream: string;
  readonly requestMs: number;
  /** It was answered with a server error. */
  readonly failed?: true;
  readonly cause?: string | undefined;
}

export interface Recovery extends AlertBase {
  readonly kind: 'recovery';
  /** The active pool, which answers again. */
  readonly pool: Pool;
  readonly standby: Pool;
  readonly release?: string | undefined;
  readonly lastedMs: number;
  /** Requests that the standby answered. */
  readonly served: number;
}

export interface Switch extends AlertBase {
  readonly kind: 'switch';
  readonly from: Pool;
  readonly to: Pool;
  readonly release?: string | undefined;
  /** The failover that the switch put an end to; `failovers`: how many, where the pool was flapping. */
  readonly ended?:
    | {
        readonly incident: string;
        readonly lastedMs: number;
        readonly served: number;
        readonly failovers?: number;
      }
    | undefined;
  /** What the journal says about it; without it, nothing explains it: the flag was changed by hand, or the journal is not written. */
  readonly operation?: Operation | undefined;
}

/** Failovers and recoveries that follow each other so fast that they are counted and not told. */
export interface Flapping extends AlertBase {
  readonly kind: 'flapping';
  readonly pool: Pool;
  readonly standby: Pool;
  readonly failovers: number;
  /** From the first of them to the last. */
  readonly lastedMs: number;
  readonly cause?: string | undefined;
}

export interface FlappingResolved extends AlertBase {
  readonly kind: 'flapping-resolved';
  readonly pool: Pool;
  readonly standby: Pool;
  readonly failovers: number;
  /** Requests that the standby answered. */
  readonly served: number;
  /** From the first failover to the last change. */
  readonly lastedMs: number;
  readonly stableMs: number;
  /** The pool it has settled on. */
  readonly serving: Pool;
}

export interface PathCount {
  readonly path: string;
  readonly failed: number;
}

export interface ErrorRate extends AlertBase {
  readonly kind: 'error-rate';
  readonly failed: number;
  readonly samples: number;
  readonly thresholdPercent: number;
  readonly pool?: Pool | undefined;
  /** How many of the failed ones no pool made good, so that a visitor met the error. */
  readonly visible: number;
  readonly worstPaths: readonly PathCount[];
  /** It was told before, when visitors saw no error. */
  readonly escalated?: true | undefined;
}

export interface ErrorRateResolved extends AlertBase {
  readonly kind: 'error-rate-resolved';
  readonly failed: number;
  readonly samples: number;
  readonly lastedMs: number;
}

/** Visitors get so many errors that the budget of the service level objective would be gone long before the month is. */
export interface BurnRate extends AlertBase {
  readonly kind: 'burn-rate';
  readonly sloPercent: number;
  /** How many times faster than the budget allows. */
  readonly burn: number;
  /** In the last hour. */
  readonly failed: number;
  readonly requests: number;
}

export interface BurnRateResolved extends AlertBase {
  readonly kind: 'burn-rate-resolved';
  readonly sloPercent: number;
  readonly lastedMs: number;
  /** In the last five minutes. */
  readonly failed: number;
  readonly requests: number;
}

export type Causes = { readonly [pool in Pool]?: string | undefined };

export interface Outage extends AlertBase {
  readonly kind: 'outage';
  /** What showed it: requests that no pool could serve; or only health checks, which both pools fail: it is not sure. */
  readonly shownBy: 'requests' | 'health-checks';
  /** What the health checks say. */
  readonly causes: Causes;
  /** The way a request took that nobody served. */
  readonly upstream?: string | undefined;
  /** It was told before, when only the health checks showed it. */
  readonly escalated?: true | undefined;
}

export interface OutageResolved extends AlertBase {
  readonly kind: 'outage-resolved';
  readonly pool?: Pool | undefined;
  readonly lastedMs: number;
  /** Requests that no pool could serve; 0: only the health checks have shown it. */
  readonly unserved: number;
}

export interface StandbyDown extends AlertBase {
  readonly kind: 'standby-down';
  readonly pool: Pool;
  readonly active: Pool;
  readonly cause?: string | undefined;
}

export interface StandbyResolved extends AlertBase {
  readonly kind: 'standby-resolved';
  readonly pool: Pool;
  readonly lastedMs: number;
  /** It passes its checks again, or it is the active pool now. */
  readonly because: 'healthy' | 'active';
}

export interface AwayEvent {
  readonly atMs: number;
  /** In our own words. */
  readonly what: string;
}

/** What happened while the watcher was not running: one message, not a replay of the news. */
export interface Away extends AlertBase {
  readonly kind: 'away';
  readonly fromMs: number;
  readonly toMs: number;
  /** In the log's order. */
  readonly events: readonly AwayEvent[];
  /** Events that are not listed. */
  readonly more: number;
  readonly stillOpen: readonly string[];
}

/** Everything the watcher tells. Plain data: it waits in queues and, later, in files. */
export type Alert =
  | Failover
  | Recovery
  | Switch
  | Flapping
  | FlappingResolved
  | ErrorRate
  | ErrorRateResolved
  | BurnRate
  | BurnRateResolved
  | Outage
  | OutageResolved
  | StandbyDown
  | StandbyResolved
  | Away
  | OperationAlert;

/** What the journal says about a switch. */
export interface Operation {
  readonly reason: SwitchRecord['reason'];
  readonly actor: string;
  readonly deploy?: string | undefined;
  /** What the pool runs that is active now, and the other one. */
  readonly release?: string | undefined;
  readonly replaced?: string | undefined;
  readonly why?: string | undefined;
  /** What was counted of the release that is rolled back by itself. */
  readonly bake?: SwitchRecord['bake'] | undefined;
}

interface DeployBase extends AlertBase {
  readonly actor: string;
  /** Where the release goes. */
  readonly pool: Pool;
  readonly release: string;
}

export interface DeployStarted extends DeployBase {
  readonly kind: 'deploy-started';
  readonly image?: string | undefined;
  /** What the pool ran until now. */
  readonly replaces?: string | undefined;
  readonly activeRelease?: string | undefined;
}

export interface DeployFailed extends DeployBase {
  readonly kind: 'deploy-failed';
  readonly step: string;
  readonly why: string;
  /** Visitors were sent to it: they may have met what failed. Missing: it is not known. */
  readonly wasLive: boolean;
  /** It is still live: why the other pool is no way back. */
  readonly noWayBack?: string | undefined;
  /** The other pool is active again, which has a message of its own. */
  readonly rolledBack?: boolean;
  /** The release that is back on the pool. */
  readonly restored?: string | undefined;
  readonly tookMs: number;
}

export interface DeployFinished extends DeployBase {
  readonly kind: 'deploy-finished';
  /** False: it waits on the pool. */
  readonly switched: boolean;
  readonly tookMs: number;
  /** Missing: it was not watched to the end. */
  readonly bake?: { readonly lastedMs: number; readonly requests: number; readonly failed: number } | undefined;
}

export interface Canary extends AlertBase {
  readonly kind: 'canary';
  readonly actor: string;
  /** Of the visitors; 0: none any more. */
  readonly percent: number;
  readonly pool: Pool;
  readonly release?: string | undefined;
  readonly why?: string | undefined;
  /** It is off because the release failed a gate. */
  readonly didBadly?: boolean | undefined;
}

export interface MaintenanceOn extends AlertBase {
  readonly kind: 'maintenance-on';
  readonly actor: string;
}

export interface MaintenanceOff extends AlertBase {
  readonly kind: 'maintenance-off';
  readonly actor: string;
  /** Missing where its beginning is not known. */
  readonly lastedMs?: number;
  /** Requests that were answered with the maintenance page. */
  readonly answered?: number;
}

export interface Muted extends AlertBase {
  readonly kind: 'muted';
  readonly actor: string;
  readonly untilMs: number;
  /** When it would have ended before it was changed. */
  readonly insteadOfMs?: number;
  /** What goes on meanwhile, in our own words. */
  readonly ongoing: readonly string[];
}

export interface Unmuted extends AlertBase {
  readonly kind: 'unmuted';
  readonly fromMs: number;
  readonly toMs: number;
  /** What was not told, in order. */
  readonly events: readonly AwayEvent[];
  /** Events that are not listed. */
  readonly more: number;
  readonly stillOpen: readonly string[];
}

/** Somebody wants to see one arrive. */
export interface TestAlert extends AlertBase {
  readonly kind: 'test';
  readonly actor: string;
}

/** What an operator does, and what follows from it. */
export type OperationAlert =
  | DeployStarted
  | DeployFailed
  | DeployFinished
  | Canary
  | MaintenanceOn
  | MaintenanceOff
  | Muted
  | Unmuted
  | TestAlert;
