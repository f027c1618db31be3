import type { Pool } from './pool.ts';

/** Alerts of the same kind that a cooldown or maintenance kept from being sent, told with the next one. */
export interface HeldBack {
  readonly count: number;
  readonly sinceMs: number;
}

interface AlertBase {
  /** The same on every message of one incident. */
  readonly incident: string;
  /** When it happened, which is not when it is told if it was held back for a while. */
  readonly atMs: number;
  readonly heldBack?: HeldBack;
}

export interface Failover extends AlertBase {
  readonly kind: 'failover';
  readonly from: Pool;
  readonly to: Pool;
  readonly release?: string;
  /** The way the first rerouted request took. */
  readonly upstream: string;
  readonly requestMs: number;
  readonly cause?: string;
}

export interface Recovery extends AlertBase {
  readonly kind: 'recovery';
  /** The active pool, which answers again. */
  readonly pool: Pool;
  readonly standby: Pool;
  readonly release?: string;
  readonly lastedMs: number;
  /** Requests that the standby answered. */
  readonly served: number;
}

export interface Switch extends AlertBase {
  readonly kind: 'switch';
  readonly from: Pool;
  readonly to: Pool;
  readonly release?: string;
  /** The failover that the switch put an end to. */
  readonly ended?: { readonly incident: string; readonly lastedMs: number; readonly served: number };
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
  readonly pool?: Pool;
  readonly worstPaths: readonly PathCount[];
}

export interface ErrorRateResolved extends AlertBase {
  readonly kind: 'error-rate-resolved';
  readonly failed: number;
  readonly samples: number;
  readonly lastedMs: number;
}

export type Causes = { readonly [pool in Pool]?: string };

export interface Outage extends AlertBase {
  readonly kind: 'outage';
  /** What showed it: requests that no pool could serve, or health checks that both pools fail. */
  readonly shownBy: 'requests' | 'health-checks';
  /** What the health checks say. */
  readonly causes: Causes;
  /** The way a request took that nobody served. */
  readonly upstream?: string;
}

export interface OutageResolved extends AlertBase {
  readonly kind: 'outage-resolved';
  readonly pool?: Pool;
  readonly lastedMs: number;
  readonly unserved: number;
}

export interface StandbyDown extends AlertBase {
  readonly kind: 'standby-down';
  readonly pool: Pool;
  readonly active: Pool;
  readonly cause?: string;
}

export interface StandbyResolved extends AlertBase {
  readonly kind: 'standby-resolved';
  readonly pool: Pool;
  readonly lastedMs: number;
  /** It passes its checks again, or it is the active pool now. */
  readonly because: 'healthy' | 'active';
}

/** Everything the watcher tells. Plain data: it waits in queues and, later, in files. */
export type Alert =
  | Failover
  | Recovery
  | Switch
  | ErrorRate
  | ErrorRateResolved
  | Outage
  | OutageResolved
  | StandbyDown
  | StandbyResolved;

export type AlertKind = Alert['kind'];
