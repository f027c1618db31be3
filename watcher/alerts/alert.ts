// Everything that can be sent, on one page, and so longer than other files.

import type { Certificate } from '../../certificates/report.ts';
import type { SwitchRecord } from '../../journal/record.ts';
import type { Pool } from '../../settings/pool.ts';
import type { RequestIds } from '../request/event.ts';

/** Earlier alerts of the same kind that were held back; the next alert that is sent gives their count. */
export interface HeldBack {
  readonly count: number;
  /** When the first of them happened. */
  readonly sinceMs: number;
}

export interface AlertBase {
  /** The same id on every alert of an incident. */
  readonly incident: string;
  /** When it happened, in epoch milliseconds. An alert that was held back for a while is sent later. */
  readonly atMs: number;
  readonly heldBack?: HeldBack | undefined;
  /** The ids, in the access log and in traces, of the request that showed it; absent if no single request did. */
  readonly request?: RequestIds | undefined;
}

export interface Failover extends AlertBase {
  readonly kind: 'failover';
  readonly from: Pool;
  readonly to: Pool;
  readonly release?: string | undefined;
  /** The attempts of the first rerouted request. */
  readonly upstream: string;
  readonly requestMs: number;
  /** The first rerouted request was answered with a server error. */
  readonly failed?: true;
  readonly cause?: string | undefined;
}

export interface Recovery extends AlertBase {
  readonly kind: 'recovery';
  /** The active pool, which serves again. */
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
  /** The incident that the switch ended: a failover, or flapping with its number of `failovers`. */
  readonly ended?:
    | {
        readonly incident: string;
        readonly lastedMs: number;
        readonly served: number;
        readonly failovers?: number;
      }
    | undefined;
  /** The record of the switch in the journal. Without it, the flag was changed by hand, or the journal could not be written. */
  readonly operation?: Operation | undefined;
}

/** Failovers and recoveries follow each other so fast that they are counted instead of sent. */
export interface Flapping extends AlertBase {
  readonly kind: 'flapping';
  readonly pool: Pool;
  readonly standby: Pool;
  readonly failovers: number;
  /** From the first failover to the last change. */
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
  /** How long nothing has changed since. */
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
  /** How many of the errors reached a visitor. */
  readonly visible: number;
  /** How many of the requests failed on both pools, which is no fault of a release. Absent in alerts of older versions. */
  readonly shared?: number | undefined;
  /** Why the last of the requests failed, if its status does not show that. */
  readonly cause?: string | undefined;
  readonly worstPaths: readonly PathCount[];
  /** An alert was sent before, when visitors saw no error. */
  readonly escalated?: true | undefined;
}

export interface ErrorRateResolved extends AlertBase {
  readonly kind: 'error-rate-resolved';
  readonly failed: number;
  readonly samples: number;
  readonly lastedMs: number;
}

/** Visitors get so many errors that the error budget of the month would be spent long before its end. */
export interface BurnRate extends AlertBase {
  readonly kind: 'burn-rate';
  readonly sloPercent: number;
  /** How many times faster than allowed the error budget is spent. */
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
  /** `requests`: no pool could serve them. `health-checks`: both pools fail theirs, which does not prove an outage. */
  readonly shownBy: 'requests' | 'health-checks';
  /** Why the pools are down, according to the health checks. */
  readonly causes: Causes;
  /** The attempts of a request that no pool could serve. */
  readonly upstream?: string | undefined;
  /** An alert was sent before, when only the health checks showed it. */
  readonly escalated?: true | undefined;
}

export interface OutageResolved extends AlertBase {
  readonly kind: 'outage-resolved';
  readonly pool?: Pool | undefined;
  readonly lastedMs: number;
  /** Requests that no pool could serve; 0 if only the health checks showed an outage. */
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
  /** It passes its health checks again, or it is now the active pool. */
  readonly because: 'healthy' | 'active';
}

/** Both pools answer their health checks late, because the machine is too busy. Neither is down for that. */
export interface Overload extends AlertBase {
  readonly kind: 'overload';
  readonly active: Pool;
}

export interface OverloadResolved extends AlertBase {
  readonly kind: 'overload-resolved';
  readonly lastedMs: number;
}

interface CertificateBase extends AlertBase {
  /** An entry of DOMAINS. */
  readonly domain: string;
  readonly source: Certificate['source'];
  readonly issuer: string;
  readonly notAfterMs: number;
}

/** A certificate runs out, or has run out, although it should have been renewed. */
export interface CertificateExpiring extends CertificateBase {
  readonly kind: 'certificate-expiring';
  /** When it should have been renewed; absent if it is nobody's task. */
  readonly renewAtMs?: number | undefined;
  /** Why the last attempt failed. */
  readonly error?: string | undefined;
  readonly nextAttemptMs?: number | undefined;
  /** Since when the certificates program has not reported; absent if it does. */
  readonly silentSinceMs?: number | undefined;
}

/** Several attempts in a row have failed, or there is still only a self-signed certificate. */
export interface CertificateRenewalFailed extends CertificateBase {
  readonly kind: 'certificate-renewal-failed';
  readonly failures: number;
  readonly error?: string | undefined;
  readonly nextAttemptMs?: number | undefined;
}

/** The end of either. */
export interface CertificateRenewed extends CertificateBase {
  readonly kind: 'certificate-renewed';
  /** What was shown before. */
  readonly instead: Certificate['source'];
  /** A new certificate is shown, the same one is in order again, or DOMAINS no longer has the domain. */
  readonly because: 'new' | 'readable' | 'removed';
  readonly lastedMs: number;
}

export interface AwayEvent {
  readonly atMs: number;
  /** A phrase of the watcher's own, without text from outside. */
  readonly what: string;
}

/** What happened while the watcher was not running: one summary instead of many old alerts. */
export interface Away extends AlertBase {
  readonly kind: 'away';
  readonly fromMs: number;
  readonly toMs: number;
  /** In the log's order. */
  readonly events: readonly AwayEvent[];
  /** The number of events that are not listed. */
  readonly more: number;
  readonly stillOpen: readonly string[];
}

/** An alert. Plain data, as it is kept in queues and in the checkpoint. */
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
  | Overload
  | OverloadResolved
  | CertificateExpiring
  | CertificateRenewalFailed
  | CertificateRenewed
  | Away
  | OperationAlert;

/** A switch according to the journal. */
export interface Operation {
  readonly reason: SwitchRecord['reason'];
  readonly actor: string;
  readonly deploy?: string | undefined;
  /** The release of the pool that is now active. */
  readonly release?: string | undefined;
  /** The release of the other pool. */
  readonly replaced?: string | undefined;
  readonly why?: string | undefined;
  /** What the bake counted of a release that was rolled back automatically. */
  readonly bake?: SwitchRecord['bake'] | undefined;
}

interface DeployBase extends AlertBase {
  readonly actor: string;
  /** The pool that the release goes to. */
  readonly pool: Pool;
  readonly release: string;
}

export interface DeployStarted extends DeployBase {
  readonly kind: 'deploy-started';
  readonly image?: string | undefined;
  /** The release that the pool ran before. */
  readonly replaces?: string | undefined;
  readonly activeRelease?: string | undefined;
}

export interface DeployFailed extends DeployBase {
  readonly kind: 'deploy-failed';
  readonly step: string;
  readonly why: string;
  /** Visitors were sent to the release and may have been affected. */
  readonly wasLive: boolean;
  /** Set if the release is still active: why the other pool cannot take over. */
  readonly noWayBack?: string | undefined;
  /** The other pool is active again. The switch back has its own alert. */
  readonly rolledBack?: boolean;
  /** The release that was restored on the pool. */
  readonly restored?: string | undefined;
  readonly tookMs: number;
}

export interface DeployFinished extends DeployBase {
  readonly kind: 'deploy-finished';
  /** False if the release is ready on the standby, without a switch. */
  readonly switched: boolean;
  readonly tookMs: number;
  /** Absent if the bake did not run to its end. */
  readonly bake?: { readonly lastedMs: number; readonly requests: number; readonly failed: number } | undefined;
}

export interface Canary extends AlertBase {
  readonly kind: 'canary';
  readonly actor: string;
  /** The share of visitors; 0 if the canary is off. */
  readonly percent: number;
  readonly pool: Pool;
  readonly release?: string | undefined;
  readonly why?: string | undefined;
  /** The canary is off because the release failed a gate. */
  readonly didBadly?: boolean | undefined;
}

export interface MaintenanceOn extends AlertBase {
  readonly kind: 'maintenance-on';
  readonly actor: string;
}

export interface MaintenanceOff extends AlertBase {
  readonly kind: 'maintenance-off';
  readonly actor: string;
  /** Absent if the beginning is not known. */
  readonly lastedMs?: number;
  /** Requests that were answered with the maintenance page. */
  readonly answered?: number;
}

export interface Muted extends AlertBase {
  readonly kind: 'muted';
  readonly actor: string;
  readonly untilMs: number;
  /** The end of the mute before it was changed. */
  readonly insteadOfMs?: number;
  /** What is open now, in phrases of the watcher's own. */
  readonly ongoing: readonly string[];
}

export interface Unmuted extends AlertBase {
  readonly kind: 'unmuted';
  readonly fromMs: number;
  readonly toMs: number;
  /** What was held back, in order. */
  readonly events: readonly AwayEvent[];
  /** The number of events that are not listed. */
  readonly more: number;
  readonly stillOpen: readonly string[];
}

/** An operator tests that alerts arrive. */
export interface TestAlert extends AlertBase {
  readonly kind: 'test';
  readonly actor: string;
}

/** Alerts about operations. */
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
