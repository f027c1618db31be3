import type { Message } from '../alerts/message.ts';

/** What became of one try to deliver. `reason` is for people and holds no secret. */
export type Delivery =
  /** Taken; `afterMs` if the channel said when it takes the next one. */
  | { readonly outcome: 'delivered'; readonly afterMs?: number | undefined }
  /** Not now; `afterMs` if the channel said when. */
  | { readonly outcome: 'again'; readonly reason: string; readonly afterMs?: number | undefined }
  /** Not this message, in this form. */
  | { readonly outcome: 'refused'; readonly reason: string }
  /** No message at all, until a person has seen to it. */
  | { readonly outcome: 'closed'; readonly reason: string };

/** How much of a message a channel is asked to carry; `plain` is what is left when `full` was refused. */
export type Form = 'full' | 'plain';

/** A channel. Everything else (queue, order, pace, retries) is the outbox's. */
export interface Notifier {
  /** Unique, and the same after a restart: what waits is kept under it. */
  readonly name: string;
  /** The least time between two messages. */
  readonly gapMs: number;
  /** Tries once; never rejects. */
  deliver(message: Message, form: Form, signal: AbortSignal): Promise<Delivery>;
}
