import type { Pool } from '../settings/pool.ts';
import type { AccessEvent, Attempt } from './access-event.ts';
import { readAttempts, secondsToMs, statusOf, wholeNumber } from './attempts.ts';
import { keys, type ScanFault, Scanner } from './scan.ts';

/** Why a line was not counted as a request. */
export type RejectReason = 'empty' | ScanFault | 'missing-field' | 'bad-value';

const scanner = new Scanner();

/**
 * Reads one line of the edge's access log, `text` from `from` up to `to` without its newline. Never throws: a line that
 * is not one of ours comes back as the reason.
 */
export function parseLine(
  text: string,
  from = 0,
  to = text.length,
  bytes: Uint8Array = Buffer.from(text, 'latin1'),
): AccessEvent | RejectReason {
  if (from >= to) return 'empty';
  const fault = scanner.scan(text, bytes, from, to);
  if (fault !== undefined) return fault;
  const statusWord = scanner.value(keys.status);
  const msec = scanner.value(keys.msec);
  const requestTime = scanner.value(keys.requestTime);
  const complete = scanner.has(keys.pool) && scanner.has(keys.active) && scanner.has(keys.upstreamStatus);
  if (!complete || statusWord === undefined || msec === undefined || requestTime === undefined) return 'missing-field';

  const pool = poolOf(scanner.value(keys.pool));
  const active = poolOf(scanner.value(keys.active));
  const status = statusOf(statusWord);
  const endMs = secondsToMs(msec);
  const tookMs = secondsToMs(requestTime);
  const attempts = readAttempts({
    statuses: scanner.value(keys.upstreamStatus),
    addresses: scanner.value(keys.upstreamAddr),
    responseTimes: scanner.value(keys.upstreamResponseTime),
    headerTimes: scanner.value(keys.upstreamHeaderTime),
    headerTimesLogged: scanner.has(keys.upstreamHeaderTime),
  });
  if (pool === 'unknown' || active === 'unknown' || status === undefined || attempts === undefined) return 'bad-value';
  if (endMs === undefined || tookMs === undefined || tookMs > endMs) return 'bad-value';
  const method = scanner.value(keys.method) ?? '';
  return {
    pool,
    active,
    release: scanner.value(keys.release),
    startMs: endMs - tookMs,
    endMs,
    status,
    attempts,
    cutOff: isCutOff(method, status, attempts),
    method,
    uri: scanner.value(keys.uri) ?? '',
  };
}

function poolOf(word: string | undefined): Pool | undefined | 'unknown' {
  if (word === undefined || word === 'blue' || word === 'green') return word;
  return 'unknown';
}

/** The pool sent less than it had promised, and it was not the client that left. */
function isCutOff(method: string, status: number, attempts: readonly Attempt[]): boolean {
  if (method === 'HEAD' || status === 304 || status === 204 || attempts.length === 0) return false;
  const promised = lastNumber(scanner.value(keys.upstreamContentLength));
  const received = lastNumber(scanner.value(keys.upstreamLength));
  if (promised === undefined || received === undefined || received >= promised) return false;
  // A client that walks away early leaves the same short length, but nginx calls that request incomplete; when the pool
  // ends early, it has done all that it could and says OK (seen with 1.22 and 1.30).
  return scanner.value(keys.completed) === 'OK';
}

function lastNumber(list: string | undefined): number | undefined {
  if (list === undefined) return undefined;
  const space = list.lastIndexOf(' ');
  return wholeNumber(space < 0 ? list : list.slice(space + 1));
}
