import type { Alert } from './alert.ts';

/** What is posted at once: an alert, or the beginning and the end of one incident. */
export interface Message {
  readonly alert: Alert;
  /** The end of the same incident, if both were queued. */
  readonly end?: Alert | undefined;
  /** Set if the message waited for long. */
  readonly late?: Late;
  /** The number of earlier alerts that were dropped because they could not be delivered. */
  readonly dropped?: number;
}

export interface Late {
  readonly forMs: number;
  /** How long the channel accepted nothing meanwhile; absent if the watcher was not running. */
  readonly silentMs?: number;
}
