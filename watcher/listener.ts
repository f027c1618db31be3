import type { AccessEvent } from './access-event.ts';
import type { Alert } from './alert.ts';

/** What is told, and what was held back and why. */
export interface Listener {
  readonly tell: (alert: Alert) => void;
  readonly hold: (alert: Alert, reason: string) => void;
  /** A line that the rules broke on, which is a fault of theirs. */
  readonly fault: (error: unknown) => void;
  /** Every request that counts, before it is judged. */
  readonly request?: (event: AccessEvent) => void;
}
