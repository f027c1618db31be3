import type { Alert } from './alert.ts';

/** What one post tells: an alert, or the beginning and the end of one incident, and what came in between. */
export interface Message {
  readonly alert: Alert;
  /** The end of the same incident, when both waited. */
  readonly end?: Alert | undefined;
  /** Set when it waited for long. */
  readonly late?: Late;
  /** Alerts before this one that could not be delivered and were dropped. */
  readonly dropped?: number;
}

export interface Late {
  readonly forMs: number;
  /** The channel took nothing for so long meanwhile; without it, the watcher was away. */
  readonly silentMs?: number;
}
