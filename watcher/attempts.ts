import type { Attempt } from './access-event.ts';

// nginx puts ", " between attempts and " : " where an internal redirect led to another group of upstreams.
const separator = /, | : /;

/** The values of nginx's list variables, as logged; undefined: none. */
export interface AttemptLists {
  readonly statuses: string | undefined;
  readonly addresses: string | undefined;
  readonly responseTimes: string | undefined;
  readonly headerTimes: string | undefined;
  /** The format logs header times at all. */
  readonly headerTimesLogged: boolean;
}

/** Reads the lists into attempts; undefined: a status in it is none. */
export function readAttempts(lists: AttemptLists): readonly Attempt[] | undefined {
  const { statuses, addresses } = lists;
  if (statuses === undefined) return addresses === undefined ? [] : readLists('-', lists);
  if (statuses.length === 3) {
    const status = statusOf(statuses);
    if (status === undefined) return undefined;
    const silent = lists.headerTimesLogged && lists.headerTimes === undefined;
    return [{ address: addresses ?? '', status, tookMs: secondsToMs(lists.responseTimes), silent }];
  }
  return readLists(statuses, lists);
}

function readLists(statusList: string, lists: AttemptLists): readonly Attempt[] | undefined {
  const statuses = statusList.split(separator);
  const addresses = (lists.addresses ?? '').split(separator);
  const times = (lists.responseTimes ?? '').split(separator);
  const headers = (lists.headerTimes ?? '-').split(separator);
  const attempts: Attempt[] = [];
  for (const [index, word] of statuses.entries()) {
    const status = word === '-' ? 0 : statusOf(word);
    if (status === undefined) return undefined;
    attempts.push({
      address: addresses[index] ?? '',
      status,
      tookMs: secondsToMs(times[index]),
      silent: lists.headerTimesLogged && (headers[index] ?? '-') === '-',
    });
  }
  return attempts;
}

/** Three digits; undefined: anything else. */
export function statusOf(word: string): number | undefined {
  if (word.length !== 3) return undefined;
  const status = wholeNumber(word);
  return status;
}

/** Digits only, at most 15 of them, so that the number is exact. */
export function wholeNumber(word: string): number | undefined {
  if (word.length === 0 || word.length > 15) return undefined;
  let value = 0;
  for (let at = 0; at < word.length; at++) {
    const digit = word.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}

/** nginx's seconds with three decimals, such as 0.045, in milliseconds without rounding. */
export function secondsToMs(word: string | undefined): number | undefined {
  if (word === undefined) return undefined;
  const dot = word.length - 4;
  if (dot < 1 || dot > 11 || word.charCodeAt(dot) !== 0x2e) return undefined;
  let value = 0;
  for (let at = 0; at < word.length; at++) {
    if (at === dot) continue;
    const digit = word.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}
