import type { Alert } from '../alerts/alert.ts';
import type { AccessEvent } from '../request/event.ts';

/** What follows from lines, records and time, as it is decided. */
export interface Listener {
  /** An alert to be sent. */
  readonly send: (alert: Alert) => void;
  /** An alert that was held back, and why. */
  readonly hold: (alert: Alert, reason: string) => void;
  /** The rules threw at a line: a bug of theirs. */
  readonly fault: (error: unknown) => void;
  /** Every request that counts, before it is judged. */
  readonly request?: (event: AccessEvent) => void;
}
