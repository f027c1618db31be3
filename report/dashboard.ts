import type { Pool } from '../settings/pool.ts';
import type { CertificateReport } from './certificates.ts';
import type { Tone } from './tone.ts';

/** The data for the page, as it goes over the wire. Types only: the page's scripts are checked against them too. */

/** Requests answered by blue, green and no pool; tried, failed in a pool, failed for the visitor; p50 and p99 to the first byte, in ms. */
export type Point = readonly [number, number, number, number, number, number, number | null, number | null];

/** One point for each step of time, without gaps. */
export interface Points {
  readonly fromMs: number;
  readonly stepMs: number;
  readonly points: readonly Point[];
}

/** Requests by second and by minute. */
export interface Series {
  readonly seconds: Points;
  readonly minutes: Points;
}

/** The headline of the page, to be read from across the room. */
export interface Statement {
  /** The tint of the page. */
  readonly tint: Pool | 'failing' | 'maintenance' | 'unknown';
  readonly tone: Tone;
  readonly word: string;
  /** Completes `word` to a sentence. */
  readonly sentence: string;
  /** Since when it has been so; null in the plain case. */
  readonly sinceMs: number | null;
}

export interface Problem {
  readonly tone: 'warning' | 'bad';
  readonly text: string;
  /** Text from outside, shown as a quotation. */
  readonly detail: string | null;
  readonly sinceMs: number | null;
}

export interface PoolReport {
  readonly role: 'active' | 'standby' | null;
  /** Null if no health check says. */
  readonly healthy: boolean | null;
  /** Why it is unhealthy, in the prober's words. */
  readonly cause: string | null;
  readonly release: string | null;
}

export interface ChannelReport {
  readonly name: string;
  readonly state: 'open' | 'retrying' | 'closed';
  readonly queued: number;
  readonly sent: number;
  readonly dropped: number;
  readonly lastError: string | null;
}

export interface WatcherReport {
  readonly version: string;
  readonly startedMs: number;
  readonly state: 'waiting' | 'reading' | 'draining' | 'failing';
  readonly fault: string | null;
  readonly catchingUp: boolean;
  readonly lagBytes: number;
  readonly lines: number;
  readonly lastLineMs: number | null;
  readonly rotations: number;
  readonly truncations: number;
  readonly gaps: number;
  readonly rejects: number;
  /** Each reason with its count. */
  readonly rejectReasons: readonly (readonly [string, number])[];
  readonly checkpoint: { readonly fault: string | null; readonly lastWrittenMs: number | null };
  readonly channels: readonly ChannelReport[];
}

/** A certificate in our own words. */
export interface CertificateLine extends Pick<CertificateReport, 'domain' | 'notAfterMs' | 'source' | 'nextAttemptMs'> {
  readonly tone: Tone;
  readonly words: string;
  /** What went wrong last, with text from outside; null if nothing did. */
  readonly failure: string | null;
}

/** The present state. */
export interface Now {
  readonly statement: Statement;
  /** Worst first; empty if there are none. */
  readonly problems: readonly Problem[];
  readonly pools: { readonly [pool in Pool]: PoolReport };
  readonly thresholdPercent: number;
  /** How many requests the error rate covers. */
  readonly windowSize: number;
  readonly deploy: { readonly pool: Pool; readonly release: string } | null;
  /** Empty without HTTPS. */
  readonly certificates: readonly CertificateLine[];
  /** The share of visitors that the standby gets. */
  readonly canary: { readonly pool: Pool; readonly percent: number } | null;
  readonly mutedUntilMs: number | null;
  /** Whether MAINTENANCE_MODE holds failover alerts back. */
  readonly maintenanceMode: boolean;
  readonly watcher: WatcherReport;
}

/** A line across the charts. */
export interface Mark {
  readonly atMs: number;
  readonly kind: string;
  readonly tone: Tone;
  readonly text: string;
}

export interface ReleaseReport {
  readonly atMs: number;
  readonly pool: Pool;
  /** In our own words. */
  readonly what: string;
  readonly tone: Tone;
  readonly release: string | null;
  readonly actor: string | null;
}

/** `unknown` if the watcher was killed during the delivery. */
export type DeliveryState = 'waiting' | 'sent' | 'failed' | 'unknown';

export interface Fact {
  readonly label: string;
  /** Our own words (`text`), text from outside (`code`), or a moment. */
  readonly spans: readonly ({ readonly text: string } | { readonly code: string } | { readonly atMs: number })[];
}

export interface AlertReport {
  readonly incident: string;
  readonly atMs: number;
  readonly tone: Tone;
  readonly headline: string;
  readonly summary: string;
  readonly facts: readonly Fact[];
  /** By channel; empty if the watcher's log is the only one. */
  readonly delivery: readonly { readonly channel: string; readonly state: DeliveryState }[];
}

/** The part that changes rarely and is sent only when it has changed. */
export interface Chronicle {
  readonly marks: readonly Mark[];
  readonly releases: readonly ReleaseReport[];
  readonly alerts: readonly AlertReport[];
}

/** The events of the stream. A page gets `state` first when it connects. */
export interface DashboardEvents {
  readonly state: { readonly atMs: number; readonly now: Now; readonly series: Series; readonly chronicle: Chronicle };
  /** Once a second, and at once when the overview in `now` changes. */
  readonly tick: {
    readonly atMs: number;
    readonly now: Now;
    readonly series: Series | null;
    readonly chronicle: Chronicle | null;
  };
}
