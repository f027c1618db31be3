import type { Pool } from '../settings/pool.ts';

export interface CheckpointHealth {
  readonly state: 'ok' | 'failing';
  /** The error's code, such as ENOSPC. */
  readonly fault: string | null;
  /** Of when what is on disk is: a write can take long. */
  readonly lastWritten: string | null;
}

/** What `GET /healthz` answers: 200 if `ok`, 503 if `degraded`. */
export interface Health {
  /** `degraded`: the log cannot be read, the checkpoint cannot be written, or Slack takes no message until a person has seen to it. */
  readonly status: 'ok' | 'degraded';
  readonly version: string;
  readonly log: {
    readonly state: TailState;
    readonly fault: string | null;
    readonly lagBytes: number;
    /** What was missed while the watcher was away is being read; alerts of that wait until it has been. */
    readonly catchingUp: boolean;
    readonly lines: number;
    /** When the last request that was read had ended. */
    readonly lastLine: string | null;
    readonly rejects: Readonly<Record<string, number>>;
    /** Requests of previews, which count nowhere else. */
    readonly previews: number;
    readonly rotations: number;
    readonly truncations: number;
    /** How often lines may have been lost: a log was gone before it had been read to its end, or was cut short. */
    readonly gaps: number;
    /** Which file is read. */
    readonly file: FileIdentity | null;
  };
  /** What operators do: lines of it that are none, and why it cannot be read. */
  readonly journal: { readonly rejects: number; readonly fault: string | null };
  /** `failing`: what a crash would lose or repeat grows by the second. */
  readonly checkpoint: CheckpointHealth;
  /** The active colour and who answered last, as the log tells it. */
  readonly active: Pool | null;
  readonly serving: Pool | null;
  readonly down: { readonly blue: boolean; readonly green: boolean } | null;
  readonly openIncidents: readonly { readonly kind: string; readonly incident: string; readonly since: string }[];
  readonly window: { readonly samples: number; readonly failed: number; readonly errorPercent: number };
  readonly alertsHeldBack: number;
  readonly maintenance: boolean;
  /** Alerts are held back until then. */
  readonly muted: { readonly until: string; readonly actor: string } | null;
  /** One that has begun and has not ended. */
  readonly deploy: {
    readonly id: string;
    readonly pool: Pool;
    readonly release: string;
    readonly since: string;
  } | null;
  readonly slack: { readonly configured: boolean } & Partial<OutboxHealth>;
  readonly channels: readonly ({ readonly name: string } & OutboxHealth)[];
}

export interface OutboxHealth {
  /** `closed`: the channel takes nothing until a person has seen to it. */
  readonly state: 'open' | 'retrying' | 'closed';
  readonly queued: number;
  readonly sent: number;
  readonly dropped: number;
  readonly lastError: string | null;
}

export type TailState = 'waiting' | 'reading' | 'draining' | 'failing';

/** What a watch knows of its own health. */
export type WatchHealth = Omit<Health, 'status' | 'version' | 'slack' | 'channels' | 'log' | 'checkpoint'> & {
  readonly log: Pick<Health['log'], 'lines' | 'lastLine' | 'rejects' | 'previews'>;
};

/** Which file, however it is called now. Strings: an inode can be larger than a number holds. */
export interface FileIdentity {
  readonly dev: string;
  readonly ino: string;
}
