import type { Pool } from '../../settings/pool.ts';
import { readAttempts } from './attempts.ts';
import { Prefix, secondsToMs, statusOf, wholeNumber } from './bytes.ts';
import type { AccessEvent, Attempt, RequestIds, Route } from './event.ts';
import { type Key, keys, type ScanFault, Scanner } from './scan.ts';
import { isServerError } from './status.ts';

const earlyHints = 103;

const space = 0x20;
const blue = new Prefix('blue');
const green = new Prefix('green');
const tooBig = new Prefix('headers too big');

/** Why a line was not counted as a request. */
export type RejectReason = 'empty' | ScanFault | 'missing-field' | 'bad-value';

const scanner = new Scanner();

/**
 * Reads one line of the edge's access log, as latin1: from `from` up to `to`, without the newline. Never throws: for a line
 * that is not the edge's, it returns the reason.
 */
export function parseLine(line: Buffer | string, from = 0, to = line.length): AccessEvent | RejectReason {
  if (from >= to) return 'empty';
  const bytes = typeof line === 'string' ? Buffer.from(line, 'latin1') : line;
  const fault = scanner.scan(bytes, from, to);
  if (fault !== undefined) return fault;
  if (!scanner.has(keys.pool) || !scanner.has(keys.active) || !scanner.has(keys.route)) return 'missing-field';
  if (!scanner.has(keys.upstreamStatus)) return 'missing-field';
  if (!scanner.isSet(keys.status) || !scanner.isSet(keys.msec) || !scanner.isSet(keys.requestTime))
    return 'missing-field';

  const pool = poolOf(keys.pool);
  const active = poolOf(keys.active);
  const route = routeOf(scanner.word(keys.route));
  const status = statusOf(bytes, scanner.from(keys.status), scanner.to(keys.status));
  const endMs = secondsToMs(bytes, scanner.from(keys.msec), scanner.to(keys.msec));
  const tookMs = secondsToMs(bytes, scanner.from(keys.requestTime), scanner.to(keys.requestTime));
  const read = readAttempts(scanner);
  const attempts = read === undefined || status === undefined ? read : withoutHints(read, status);
  if (pool === 'unknown' || active === 'unknown' || status === undefined || attempts === undefined) return 'bad-value';
  if (route === undefined || endMs === undefined || tookMs === undefined || tookMs > endMs) return 'bad-value';
  const method = scanner.word(keys.method) ?? '';
  const cutOff = isCutOff(method, status, attempts);
  const mayRaiseAlert =
    attempts.length !== 1 || !isServed(attempts[0]?.status) || !isServed(status) || cutOff || pool !== active;
  return {
    pool,
    active,
    route,
    release: scanner.word(keys.release),
    startMs: endMs - tookMs,
    endMs,
    status,
    attempts,
    cutOff,
    fault: scanner.is(keys.fault, tooBig) ? 'headers too big' : undefined,
    method,
    uri: mayRaiseAlert ? (scanner.text(keys.uri) ?? '') : undefined,
    ids: mayRaiseAlert ? idsOf() : undefined,
  };
}

/** From 1.29 on, nginx passes an answer on that comes after early hints, but logs the status of the hints for the attempt. */
function withoutHints(attempts: readonly Attempt[], status: number): readonly Attempt[] {
  const last = attempts.at(-1);
  if (last?.status !== earlyHints || status < 200) return attempts;
  return [...attempts.slice(0, -1), { ...last, status }];
}

function isServed(status = 0): boolean {
  return status > 0 && !isServerError(status);
}

const id = /^[0-9a-f]{32}$/;

/** Undefined unless the value is an id. */
function idsOf(): RequestIds | undefined {
  const requestId = scanner.text(keys.requestId);
  if (requestId === undefined || !id.test(requestId)) return undefined;
  const traceId = scanner.text(keys.traceId);
  return traceId === undefined || !id.test(traceId) ? { requestId } : { requestId, traceId };
}

function poolOf(key: Key): Pool | undefined | 'unknown' {
  if (scanner.is(key, blue)) return 'blue';
  if (scanner.is(key, green)) return 'green';
  return scanner.isSet(key) ? 'unknown' : undefined;
}

/** The edge logs `-` for a public request. */
function routeOf(word: string | undefined): Route | undefined {
  if (word === undefined) return 'public';
  return word === 'canary' || word === 'preview' ? word : undefined;
}

/** The pool sent less than its Content-Length, and the visitor did not leave. */
function isCutOff(method: string, status: number, attempts: readonly Attempt[]): boolean {
  if (method === 'HEAD' || status === 304 || status === 204 || attempts.length === 0) return false;
  const promised = lastNumber(keys.upstreamContentLength);
  const received = lastNumber(keys.upstreamLength);
  if (promised === undefined || received === undefined || received >= promised) return false;
  // If the visitor leaves, the length is short too, but nginx logs the request as incomplete. If the pool ends early, nginx
  // logs OK (seen with 1.22 and 1.30).
  return scanner.word(keys.completed) === 'OK';
}

function lastNumber(key: Key): number | undefined {
  const to = scanner.to(key);
  let from = to;
  while (from > scanner.from(key) && scanner.bytes[from - 1] !== space) from--;
  return wholeNumber(scanner.bytes, from, to);
}
