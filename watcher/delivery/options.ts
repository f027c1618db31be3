import type { Alert } from '../alerts/alert.ts';
import type { OutboxSnapshot } from './queue.ts';

export interface OutboxOptions {
  /** Messages that wait; when there are more, the oldest one that is not being delivered goes. */
  readonly limit: number;
  /** What has waited for longer is dropped. */
  readonly maxAgeMs: number;
  /** A message that has waited for longer says so. */
  readonly lateMs: number;
  /** The first retry comes after up to this long, each further one after up to twice as long … */
  readonly backoffMs: number;
  /** … and none after longer than this. */
  readonly maxBackoffMs: number;
  /** How often a closed channel is tried again. */
  readonly probeMs: number;
  /** `durable` is not waited for any longer: a disk that hangs keeps no alert back. */
  readonly durableForMs: number;
  readonly random: () => number;
  /** Told of every try that failed, for the log. */
  readonly onFailure: (failure: OutboxFailure) => void;
  /** What waited when the last process ended. */
  readonly initial?: OutboxSnapshot | undefined;
  /**
   * Resolves when everything that was pushed is on disk; awaited before the first try of each message. If it rejects, the
   * message is sent all the same.
   */
  readonly durable?: () => Promise<void>;
  /** Told of every alert that was taken by the channel or given up. */
  readonly onSettled?: (settled: Settled) => void;
  /** Something has left the queue or was merged: the snapshot on disk is out of date. */
  readonly changed?: () => void;
}

/** What became of an alert in the end. */
export type Settled =
  | { readonly alert: Alert; readonly result: 'delivered'; readonly waitedMs: number }
  | { readonly alert: Alert; readonly result: 'dropped' };

export interface OutboxFailure {
  readonly reason: string;
  readonly incident: string;
  readonly next: 'retry' | 'as plain text' | 'dropped' | 'channel closed';
}

export const outboxDefaults = {
  limit: 1_000,
  maxAgeMs: 24 * 3_600_000,
  lateMs: 60_000,
  backoffMs: 1_000,
  maxBackoffMs: 60_000,
  probeMs: 60_000,
  durableForMs: 2_000,
  random: Math.random,
} as const;
