import type { AccessEvent, Attempt } from './event.ts';

/** True if a pool answered without a server error. */
export function wasServed(event: AccessEvent): boolean {
  const status = outcome(event)?.status ?? 0;
  return event.status < 500 && status > 0 && status < 500;
}

/**
 * True if the visitor got a server error, from a pool or from the edge, or an answer that was cut off. Callers exclude
 * requests without an attempt, which get the maintenance page.
 */
export function failedForVisitor({ status, cutOff }: AccessEvent): boolean {
  return status >= 500 || cutOff;
}

/**
 * nginx's own status for a visitor who closed the connection before an answer came. Such a request neither succeeded nor
 * failed.
 */
const clientClosedRequest = 499;

export function visitorLeft({ status }: AccessEvent): boolean {
  return status === clientClosedRequest;
}

/** True if any attempt got a 5xx, masked or not, or if the answer was cut off. */
export function failedUpstream(event: AccessEvent): boolean {
  if (event.cutOff) return true;
  for (const attempt of event.attempts) if (isFailed(attempt)) return true;
  return false;
}

/**
 * True if that attempt failed. If the pool was silent, its status is the edge's 502 or 504. Only the last attempt can be cut
 * off.
 */
export function failedAt({ attempts, cutOff }: AccessEvent, index: number): boolean {
  return isFailed(attempts[index]) || (cutOff && index === attempts.length - 1);
}

/**
 * True if no pool could serve the request: none answered, and either both were tried or none was left to try. Even a 500 shows
 * that a pool is alive, so a request that makes both pools fail is not an outage. A 503 without an attempt is the maintenance
 * page, and a single failed attempt may be a POST, which is not retried.
 */
export function wasUnserved(event: AccessEvent): boolean {
  if (event.status < 500 || event.attempts.length === 0) return false;
  if (!event.attempts.every(({ silent, status }) => silent && status >= 500)) return false;
  return event.attempts.length >= 2 || event.attempts.some(isNoLiveUpstream);
}

/**
 * True if the standby answered. If the active pool was tried first and the standby failed too, the request does not show
 * where traffic goes: it makes both pools fail.
 */
export function wasRerouted(event: AccessEvent): boolean {
  if (event.pool === undefined || event.active === undefined || event.pool === event.active) return false;
  return event.attempts.length < 2 || event.status < 500;
}

/** Sent to the standby without an attempt at the active pool, because the edge avoids that one. */
export function wasDiverted(event: AccessEvent): boolean {
  return wasRerouted(event) && event.attempts.length < 2;
}

/**
 * The latest time, in epoch milliseconds, at which the edge can have passed the request to the pool that answered: its
 * headers, its body or an earlier attempt may have delayed it. A slow reader makes it appear later, but never later than the
 * end of the request.
 */
export function routedAtMs(event: AccessEvent): number {
  const tookMs = outcome(event)?.tookMs;
  return tookMs === undefined ? event.startMs : Math.max(event.startMs, event.endMs - tookMs);
}

/** Why the edge tried another pool, in words; undefined if it did not, or if no attempt failed. */
export function maskedCause(event: AccessEvent): string | undefined {
  if (event.attempts.length < 2) return undefined;
  const first = event.attempts.find(isFailed);
  if (first === undefined) return undefined;
  if (first.silent && first.status === 502) return 'refused or reset';
  if (first.silent && first.status === 504) return 'timed out';
  return `status ${first.status}`;
}

/** The attempts of a request, such as `10.0.0.1:3000 (502) → 10.0.0.2:3000 (200)`. */
export function upstreamPath(event: AccessEvent): string {
  return event.attempts
    .slice(0, 4)
    .map(({ address, status }) => `${address.slice(0, 64) || 'unknown'} (${status || 'no answer'})`)
    .join(' → ');
}

/** The path without its query, bounded in length. Still untrusted text. */
export function pathOf(uri: string): string {
  const end = uri.search(/[?#]/);
  const path = (end < 0 ? uri : uri.slice(0, end)).slice(0, 80);
  // A slice would keep the whole URI in memory.
  return Buffer.from(path || '/', 'latin1').toString('latin1');
}

function outcome(event: AccessEvent): Attempt | undefined {
  return event.attempts[event.attempts.length - 1];
}

function isFailed(attempt: Attempt | undefined): boolean {
  return attempt !== undefined && attempt.status >= 500;
}

function isNoLiveUpstream(attempt: Attempt): boolean {
  return attempt.address !== '' && !attempt.address.includes(':');
}
