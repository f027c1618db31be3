import type { Delivery } from '../delivery/notifier.ts';
import type { Answer } from './post.ts';

const minRetryAfterMs = 1_000;
const maxRetryAfterMs = 5 * 60_000;

/**
 * What an answer means for the message and for the channel, by the rules of HTTP and of Slack.
 * @param word the error that the answer names, if it is safe to repeat; else empty
 */
export function deliveryOf({ status, headers }: Answer, word: string, nowMs: number): Delivery {
  if (status >= 200 && status < 300) return { outcome: 'delivered' };
  const reason = `HTTP ${status}${word === '' ? '' : ` (${word})`}`;
  const afterMs = retryAfterMs(headers['retry-after'], nowMs);
  if (status === 429) return { outcome: 'again', reason, afterMs: afterMs ?? minRetryAfterMs };
  // 501 does not go away without a change to the receiver.
  if ((status >= 500 && status !== 501) || status === 408) {
    return { outcome: 'again', reason, afterMs };
  }
  if (status === 400 || status === 413 || status === 422) return { outcome: 'refused', reason };
  if (status >= 300 && status < 400) return { outcome: 'closed', reason: `HTTP ${status}: redirects are refused` };
  return { outcome: 'closed', reason };
}

/** Reads Retry-After, in seconds or as an HTTP date; the result is within bounds. */
export function retryAfterMs(header: string | string[] | undefined, nowMs: number): number | undefined {
  const word = (Array.isArray(header) ? header[0] : header)?.trim() ?? '';
  if (/^\d{1,9}(\.\d{1,9})?$/.test(word)) return boundedWaitMs(Number(word) * 1_000);
  // Date.parse alone accepts almost anything.
  if (!/^[A-Z][a-z]+, .* GMT$/.test(word)) return undefined;
  const atMs = Date.parse(word);
  return Number.isNaN(atMs) ? undefined : boundedWaitMs(atMs - nowMs);
}

/** No answer, however wrong, delays alerts for more than five minutes. */
export function boundedWaitMs(ms: number): number {
  return Math.min(maxRetryAfterMs, Math.max(minRetryAfterMs, Math.ceil(ms)));
}

/** The body as a JSON object; undefined if it is none. */
export function jsonOf({ body }: Answer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
