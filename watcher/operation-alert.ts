import type { RecordOf } from '../journal/record.ts';
import type { Pool } from '../settings/pool.ts';
import type { AlertBase, AwayEvent } from './alert.ts';

type SwitchRecord = RecordOf<'switch'>;

/** What the journal says about a switch. */
export interface Operation {
  readonly reason: SwitchRecord['reason'];
  readonly actor: string;
  readonly deploy?: string;
  /** What the pool runs that is active now, and the other one. */
  readonly release?: string;
  readonly replaced?: string;
  readonly why?: string;
  /** What was counted of the release that is rolled back by itself. */
  readonly bake?: SwitchRecord['bake'];
}

interface DeployBase extends AlertBase {
  readonly actor: string;
  /** Where the release goes. */
  readonly pool: Pool;
  readonly release: string;
}

export interface DeployStarted extends DeployBase {
  readonly kind: 'deploy-started';
  readonly image?: string;
  /** What the pool ran until now. */
  readonly replaces?: string;
  readonly activeRelease?: string;
}

export interface DeployFailed extends DeployBase {
  readonly kind: 'deploy-failed';
  readonly step: string;
  readonly why: string;
  /** Visitors were sent to it: they may have met what failed. Missing: it is not known. */
  readonly wasLive?: boolean;
  /** It is still live: why the other pool is no way back. */
  readonly noWayBack?: string;
  /** The other pool is active again, which has a message of its own. */
  readonly rolledBack?: boolean;
  /** The release that is back on the pool. */
  readonly restored?: string;
  readonly tookMs: number;
}

export interface DeployFinished extends DeployBase {
  readonly kind: 'deploy-finished';
  /** False: it waits on the pool. */
  readonly switched: boolean;
  readonly tookMs: number;
  /** Missing: it was not watched to the end. */
  readonly bake?: { readonly lastedMs: number; readonly requests: number; readonly failed: number };
}

export interface Canary extends AlertBase {
  readonly kind: 'canary';
  readonly actor: string;
  /** Of the visitors; 0: none any more. */
  readonly percent: number;
  readonly pool: Pool;
  readonly release?: string;
  readonly why?: string;
  /** It is off because the release failed a gate. */
  readonly didBadly?: boolean;
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
  readonly goesOn: readonly string[];
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
