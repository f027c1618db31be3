import type { Pool } from '../settings/pool.ts';
import type { CertificateReport } from './certificates.ts';

export interface CheckpointHealth {
  readonly state: 'ok' | 'failing';
  /** The code of the error, such as ENOSPC. */
  readonly fault: string | null;
  /** The time of the state on disk, not of the write, which can take long. */
  readonly lastWritten: string | null;
}

/** The answer of `GET /healthz`: status 200 if `ok`, 503 if `degraded`. */
export interface Health {
  /** `degraded` if the log cannot be read, the checkpoint cannot be written, or a channel accepts nothing until somebody fixes it. */
  readonly status: 'ok' | 'degraded';
  readonly version: string;
  readonly log: {
    readonly state: TailState;
    readonly fault: string | null;
    readonly lagBytes: number;
    /** Whether lines from the watcher's absence are still being read; alerts about them wait for the end. */
    readonly catchingUp: boolean;
    readonly lines: number;
    /** When the last request that was read ended. */
    readonly lastLine: string | null;
    readonly rejects: Readonly<Record<string, number>>;
    /** Preview requests, which count nowhere else. */
    readonly previews: number;
    readonly rotations: number;
    readonly truncations: number;
    /** The number of times that lines may have been lost. */
    readonly gaps: number;
    /** The file being read. */
    readonly file: FileIdentity | null;
  };
  /** The journal: the number of malformed lines, and why it cannot be read. */
  readonly journal: { readonly rejects: number; readonly fault: string | null };
  /** While `failing`, a crash would lose or repeat more every second. */
  readonly checkpoint: CheckpointHealth;
  /** The active pool and the pool that answered last, according to the log. */
  readonly active: Pool | null;
  readonly serving: Pool | null;
  readonly down: { readonly blue: boolean; readonly green: boolean } | null;
  readonly openIncidents: readonly { readonly kind: string; readonly incident: string; readonly since: string }[];
  readonly window: { readonly samples: number; readonly failed: number; readonly errorPercent: number };
  readonly alertsHeldBack: number;
  readonly maintenance: boolean;
  /** Alerts are held back until this time. */
  readonly muted: { readonly until: string; readonly actor: string } | null;
  /** The deploy that is running. */
  readonly deploy: {
    readonly id: string;
    readonly pool: Pool;
    readonly release: string;
    readonly since: string;
  } | null;
  /** Absent without HTTPS, and in the reports of older versions. */
  readonly certificates?: readonly CertificateReport[];
  readonly slack: { readonly configured: boolean } & Partial<OutboxHealth>;
  readonly channels: readonly ({ readonly name: string } & OutboxHealth)[];
}

export interface OutboxHealth {
  /** `closed` if the channel accepts nothing until somebody fixes it. */
  readonly state: 'open' | 'retrying' | 'closed';
  readonly queued: number;
  readonly sent: number;
  readonly dropped: number;
  readonly lastError: string | null;
}

export type TailState = 'waiting' | 'reading' | 'draining' | 'failing';

/** The part of the health report that a watch knows. */
export type WatchHealth = Omit<Health, 'status' | 'version' | 'slack' | 'channels' | 'log' | 'checkpoint'> & {
  readonly log: Pick<Health['log'], 'lines' | 'lastLine' | 'rejects' | 'previews'>;
};

/** Identifies a file across renames. Strings, because an inode number can exceed the safe integers. */
export interface FileIdentity {
  readonly dev: string;
  readonly ino: string;
}
