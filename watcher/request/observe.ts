import type { AccessEvent, Attempt } from './event.ts';

/** Some pool answered, and not with a server error. */
export function wasServed(event: AccessEvent): boolean {
  const status = outcome(event)?.status ?? 0;
  return event.status < 500 && status > 0 && status < 500;
}

/**
 * The visitor got a server error, from a pool or from the edge, or an answer that broke off. A request that no pool was
 * asked for (the maintenance page) is for the caller to leave out.
 */
export function failedForVisitor({ status, cutOff }: AccessEvent): boolean {
  return status >= 500 || cutOff;
}

/** nginx's own status for a visitor who closed the connection before an answer came: neither good nor failed. */
const clientClosedRequest = 499;

export function visitorLeft({ status }: AccessEvent): boolean {
  return status === clientClosedRequest;
}

/** A 5xx in any attempt, masked or not, or an answer that broke off. */
export function failedUpstream(event: AccessEvent): boolean {
  if (event.cutOff) return true;
  for (const attempt of event.attempts) if (isFailed(attempt)) return true;
  return false;
}

/** Whether one of the attempts failed: a pool that is silent does with the edge's own 502 or 504, and only the last can break off. */
export function failedAt({ attempts, cutOff }: AccessEvent, index: number): boolean {
  return isFailed(attempts[index]) || (cutOff && index === attempts.length - 1);
}

/**
 * No pool could serve it: not one answered, and either both were tried or none was left to try. An answer, be it a 500, shows
 * a pool that lives: one request that breaks both is no outage. A 503 without any attempt is the maintenance page, and a
 * single failed attempt may be a POST, which is not repeated.
 */
export function wasUnserved(event: AccessEvent): boolean {
  if (event.status < 500 || event.attempts.length === 0) return false;
  if (!event.attempts.every(({ silent, status }) => silent && status >= 500)) return false;
  return event.attempts.length >= 2 || event.attempts.some(isNoLiveUpstream);
}

/**
 * Answered by the pool that is not active. An answer that failed as well does not count when the active pool was tried
 * first: a request that breaks both pools says nothing about where traffic goes.
 */
export function wasRerouted(event: AccessEvent): boolean {
  if (event.pool === undefined || event.active === undefined || event.pool === event.active) return false;
  return event.attempts.length < 2 || event.status < 500;
}

/**
 * When the request was handed to the pool that answered, at the latest: its headers, its body or an earlier attempt can have
 * held it up. (A client that reads slowly makes it look later than it was, but never later than the request's end.)
 */
export function routedAtMs(event: AccessEvent): number {
  const tookMs = outcome(event)?.tookMs;
  return tookMs === undefined ? event.startMs : Math.max(event.startMs, event.endMs - tookMs);
}

/** What made the edge look for another pool, in words; undefined: it did not have to, or it is not known. */
export function maskedCause(event: AccessEvent): string | undefined {
  if (event.attempts.length < 2) return undefined;
  const first = event.attempts.find(isFailed);
  if (first === undefined) return undefined;
  if (first.silent && first.status === 502) return 'refused or reset';
  if (first.silent && first.status === 504) return 'timed out';
  return `status ${first.status}`;
}

/** The way a request took, such as `10.0.0.1:3000 (502) → 10.0.0.2:3000 (200)`. */
export function upstreamPath(event: AccessEvent): string {
  return event.attempts
    .slice(0, 4)
    .map(({ address, status }) => `${address.slice(0, 64) || 'unknown'} (${status || 'no answer'})`)
    .join(' → ');
}

/** The path without its query, bounded, for a person to read: still hostile text. */
export function pathOf(uri: string): string {
  const end = uri.search(/[?#]/);
  const path = (end < 0 ? uri : uri.slice(0, end)).slice(0, 80);
  // A slice would keep all of a long URI alive.
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
