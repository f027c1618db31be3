import type { Alert } from './alert.ts';

/** What became of one try to deliver. `reason` is for people and holds no secret. */
export type Delivery =
  | { readonly outcome: 'delivered' }
  /** Not now; `afterMs` if the channel said when. */
  | { readonly outcome: 'again'; readonly reason: string; readonly afterMs?: number }
  /** Not this message, in this form. */
  | { readonly outcome: 'refused'; readonly reason: string }
  /** No message at all, until a person has seen to it. */
  | { readonly outcome: 'closed'; readonly reason: string };

/** How much of a message a channel is asked to carry; `plain` is what is left when `full` was refused. */
export type Form = 'full' | 'plain';

/** A channel. Everything else (queue, order, pace, retries) is the outbox's. */
export interface Notifier {
  readonly name: string;
  /** The least time between two messages. */
  readonly gapMs: number;
  /** Tries once; never rejects. */
  deliver(alert: Alert, form: Form, signal: AbortSignal): Promise<Delivery>;
}
