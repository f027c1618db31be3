import type { Pool } from '../settings/pool.ts';
import type { Tone } from './tone.ts';

/** What the page is told, as it goes over the wire. Types alone: the page's scripts are checked against them too. */

/** blue, green, no pool, tried, failed in a pool, failed for the visitor; p50 and p99 to the first byte, in ms. */
export type Point = readonly [number, number, number, number, number, number, number | null, number | null];

/** One a step of time, without a gap. */
export interface Points {
  readonly fromMs: number;
  readonly stepMs: number;
  readonly points: readonly Point[];
}

/** Requests by the second, and by the minute. */
export interface Series {
  readonly seconds: Points;
  readonly minutes: Points;
}

/** What is to be read from across the room. */
export interface Statement {
  /** What the page is tinted with. */
  readonly tint: Pool | 'failing' | 'maintenance' | 'unknown';
  readonly tone: Tone;
  readonly word: string;
  /** Completes the word to a sentence. */
  readonly sentence: string;
  /** Since when it has been so, where it is not the plain case. */
  readonly sinceMs: number | null;
}

export interface Problem {
  readonly tone: 'warning' | 'bad';
  readonly text: string;
  /** Something from outside, to be shown as a quotation. */
  readonly detail: string | null;
  readonly sinceMs: number | null;
}

export interface PoolReport {
  readonly role: 'active' | 'standby' | null;
  /** Null: no health check tells. */
  readonly healthy: boolean | null;
  /** Why it is not, in the prober's words. */
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
  /** Which, and how many of each. */
  readonly rejectReasons: readonly (readonly [string, number])[];
  readonly checkpoint: { readonly fault: string | null; readonly lastWrittenMs: number | null };
  readonly channels: readonly ChannelReport[];
}

/** How everything stands. */
export interface Now {
  readonly statement: Statement;
  /** Worst first; none: all is well. */
  readonly problems: readonly Problem[];
  readonly pools: { readonly [pool in Pool]: PoolReport };
  readonly thresholdPercent: number;
  /** The error rate is of so many requests. */
  readonly windowSize: number;
  readonly deploy: { readonly pool: Pool; readonly release: string } | null;
  /** The share of the visitors that the idle colour gets. */
  readonly canary: { readonly pool: Pool; readonly percent: number } | null;
  readonly mutedUntilMs: number | null;
  /** Failover alerts are held back by a setting. */
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

/** `unknown`: the watcher was stopped at that very moment. */
export type DeliveryState = 'waiting' | 'sent' | 'failed' | 'unknown';

export interface Fact {
  readonly label: string;
  /** Our own words, something from outside, or a moment. */
  readonly spans: readonly ({ readonly text: string } | { readonly code: string } | { readonly atMs: number })[];
}

export interface AlertReport {
  readonly incident: string;
  readonly atMs: number;
  readonly tone: Tone;
  readonly headline: string;
  readonly summary: string;
  readonly facts: readonly Fact[];
  /** By channel; none: there is no channel but the watcher's log. */
  readonly delivery: readonly { readonly channel: string; readonly state: DeliveryState }[];
}

/** What changes seldom, and is sent when it has. */
export interface Chronicle {
  readonly marks: readonly Mark[];
  readonly releases: readonly ReleaseReport[];
  readonly alerts: readonly AlertReport[];
}

/** The events of the stream; a page that connects gets `state` first. */
export interface DashboardEvents {
  readonly state: { readonly atMs: number; readonly now: Now; readonly series: Series; readonly chronicle: Chronicle };
  /** Once a second, and at once when `now` says something else in large. */
  readonly tick: {
    readonly atMs: number;
    readonly now: Now;
    readonly series: Series | null;
    readonly chronicle: Chronicle | null;
  };
}
