import type { Alert } from '../alerts/alert.ts';
import type { AccessEvent } from '../request/event.ts';

/** Receives what the rules decide. */
export interface Listener {
  /** Sends an alert. */
  readonly send: (alert: Alert) => void;
  /** Takes note of an alert that is held back, and why. */
  readonly hold: (alert: Alert, reason: string) => void;
  /** The rules threw an exception at a log line, which is a bug in them. */
  readonly fault: (error: unknown) => void;
  /** Every request but previews, before the rules see it. */
  readonly request?: (event: AccessEvent) => void;
}
