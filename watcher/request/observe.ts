import type { AccessEvent, Attempt } from './event.ts';
import { isNotHttp, isServerError } from './status.ts';

/** True if a pool answered without a server error. */
export function wasServed(event: AccessEvent): boolean {
  const status = outcome(event)?.status ?? 0;
  return !isServerError(event.status) && status > 0 && !isServerError(status);
}

/**
 * True if the visitor got a server error, from a pool or from the edge, an answer that is not HTTP, or one that was cut off. Callers exclude
 * requests without an attempt, which get the maintenance page.
 */
export function failedForVisitor({ status, cutOff }: AccessEvent): boolean {
  return cutOff || isServerError(status);
}

/**
 * nginx's own status for a visitor who closed the connection before an answer came. Such a request neither succeeded nor
 * failed.
 */
const clientClosedRequest = 499;

export function visitorLeft({ status }: AccessEvent): boolean {
  return status === clientClosedRequest;
}

/** True if any attempt failed, masked or not. */
export function failedUpstream(event: AccessEvent): boolean {
  for (let index = 0; index < event.attempts.length; index++) if (failedAt(event, index)) return true;
  return false;
}

/**
 * True if that attempt failed. If the pool was silent, its status is the edge's 502 or 504. Only the last attempt can be cut
 * off, and an answer that is not HTTP is logged as an attempt with status 200.
 */
export function failedAt({ attempts, cutOff, status }: AccessEvent, index: number): boolean {
  if (isFailed(attempts[index])) return true;
  return index === attempts.length - 1 && (cutOff || isNotHttp(status));
}

/** True if the request failed on both pools, which is the fault of neither: they have it or something else in common. */
export function failedOnBoth(event: AccessEvent): boolean {
  const { attempts } = event;
  if (attempts.length < 2) return false;
  const first = attempts.findIndex((_, index) => failedAt(event, index));
  if (first < 0) return false;
  const { address } = attempts[first] as Attempt;
  return attempts.some((attempt, index) => attempt.address !== address && isPool(attempt) && failedAt(event, index));
}

/**
 * True if no pool could serve the request: none answered, and either both were tried or none was left to try. Even a 500 shows
 * that a pool is alive, so a request that makes both pools fail is not an outage, and so do headers that are too big. A 503 without an attempt is the maintenance
 * page, and a single failed attempt may be a POST, which is not retried.
 */
export function wasUnserved(event: AccessEvent): boolean {
  if (event.status < 500 || event.attempts.length === 0 || event.fault !== undefined) return false;
  if (!event.attempts.every(({ silent, status }) => silent && status >= 500)) return false;
  return event.attempts.length >= 2 || event.attempts.some(isNoLiveUpstream);
}

/**
 * True if the standby answered. If the active pool was tried first and the standby failed too, the request does not show
 * where traffic goes: it makes both pools fail.
 */
export function wasRerouted(event: AccessEvent): boolean {
  if (event.pool === undefined || event.active === undefined || event.pool === event.active) return false;
  return event.attempts.length < 2 || !failedForVisitor(event);
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
  return event.attempts.length < 2 ? undefined : failureCause(event);
}

/** Why the first attempt that failed did, in words; undefined if none did, or if only its answer was cut off. */
export function failureCause(event: AccessEvent): string | undefined {
  if (event.fault !== undefined) return event.fault;
  const first = event.attempts.find(isFailed);
  if (first === undefined) return isNotHttp(event.status) ? 'not HTTP' : undefined;
  if (isNotHttp(first.status)) return 'not HTTP';
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
  return attempt !== undefined && isServerError(attempt.status);
}

function isNoLiveUpstream(attempt: Attempt): boolean {
  return attempt.address !== '' && !isPool(attempt);
}

/** If no pool is left to try, nginx logs the name of the upstream group in place of an address. */
function isPool({ address }: Attempt): boolean {
  return address.includes(':');
}
