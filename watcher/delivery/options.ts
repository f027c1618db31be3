import type { Alert } from '../alerts/alert.ts';
import type { OutboxSnapshot } from './queue.ts';

export interface OutboxOptions {
  /** The most messages that may wait; beyond it, the oldest one that is not being delivered is dropped. */
  readonly limit: number;
  /** A message that has waited longer is dropped. */
  readonly maxAgeMs: number;
  /** A message that has waited longer says so. */
  readonly lateMs: number;
  /** The first retry comes within this time; for each further one the limit doubles … */
  readonly backoffMs: number;
  /** … up to this. */
  readonly maxBackoffMs: number;
  /** How often a closed channel is tried again. */
  readonly probeMs: number;
  /** The longest wait for `durable`: a disk that hangs must not hold up an alert. */
  readonly durableForMs: number;
  readonly random: () => number;
  /** Called for every attempt that failed, for the log. */
  readonly onFailure: (failure: OutboxFailure) => void;
  /** The messages that were waiting when the last process ended. */
  readonly initial?: OutboxSnapshot | undefined;
  /**
   * Resolves when everything that was pushed is on disk; awaited before the first attempt at each message. If it rejects,
   * the message is sent anyway.
   */
  readonly durable?: () => Promise<void>;
  /** Called for every alert that the channel has accepted or that was dropped. */
  readonly onSettled?: (settled: Settled) => void;
  /** Called when a message has left the queue or was merged: the snapshot on disk is out of date. */
  readonly changed?: () => void;
}

/** The final result for an alert. */
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
