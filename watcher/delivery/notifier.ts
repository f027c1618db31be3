import type { Message } from '../alerts/message.ts';

/** The result of one delivery attempt. `reason` is for people and contains no secret. */
export type Delivery =
  /** Accepted; `afterMs` if the channel said when it accepts the next message. */
  | { readonly outcome: 'delivered'; readonly afterMs?: number | undefined }
  /** Not accepted now; `afterMs` if the channel said when to retry. */
  | { readonly outcome: 'again'; readonly reason: string; readonly afterMs?: number | undefined }
  /** This message is not accepted in this form. */
  | { readonly outcome: 'refused'; readonly reason: string }
  /** No message is accepted until somebody fixes the channel. */
  | { readonly outcome: 'closed'; readonly reason: string };

/** `plain` is the text alone, for when the channel has refused `full`. */
export type Form = 'full' | 'plain';

/** Delivers to one channel. The outbox does the rest: queue, order, pace, retries. */
export interface Notifier {
  /** Unique, and the same after a restart: the checkpoint keeps the waiting messages under it. */
  readonly name: string;
  /** The minimum time between two messages. */
  readonly gapMs: number;
  /** Makes one attempt; never rejects. */
  deliver(message: Message, form: Form, signal: AbortSignal): Promise<Delivery>;
}
