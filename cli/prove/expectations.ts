import {
  answersCut,
  keptConnectionsClosed,
  noPoolServes,
  postsInFlight,
  postsThatTry,
  streamsCut,
  streamsSilent,
} from '../../proof/judge/allowance.ts';
import type { Expectation } from '../../proof/judge/verdict.ts';
import { pools } from '../../settings/pool.ts';
import { durationMs } from '../arguments.ts';
import type { Stage } from './scenario.ts';

/** Detection time of the health checks with the default settings. The worst case is a pool that hangs right after a check. */
const detectedMs = 700;
/** How much longer than its connect timeouts the edge may take to answer after both pools have failed. */
const outageAnswerMs = 500;
/** From the end of an idle connection at a reload until its client notices. */
const closingMs = 50;
/** How many requests may take longer than half a second when a pool hangs, at 400 requests/s. */
const lateAt400 = 250;
/** How many POSTs may fail when a pool breaks in a way that nginx sees at once, at 400 requests/s. */
const postsAt400 = 10;

/** From detection until every request is routed accordingly. */
const effectMs = 300;

/** The longest time that the health checks need to detect a fault; it bounds what may fail. */
export function detectionMs({ settings }: Stage['stack']): number {
  const { PROBE_INTERVAL_MS: interval, PROBE_TIMEOUT_MS: timeout, PROBE_FALL: fall } = settings;
  return Math.max(detectedMs, interval + timeout + (fall - 1) * interval);
}

/** From this time after the fault on, no request may show it. */
export function detectedAfterMs(stack: Stage['stack']): number {
  return detectionMs(stack) + effectMs;
}

/** Nothing may fail, and the active pool serves throughout. */
export const untouched: Expectation = { servedBy: 'active', allowances: [] };

/** Nothing may fail, and the standby serves. */
export const movesAway: Expectation = { servedBy: 'standby', allowances: [] };

/** nginx sees each failure at once; only a few requests meet it. */
export function broken({ rates }: Stage): Expectation {
  return {
    servedBy: 'standby',
    allowances: [postsInFlight(rates.scaled(postsAt400)), streamsCut(rates.openStreams)],
  };
}

/** As broken(), but no flag keeps requests away from the pool. */
export function brokenWithoutFlags({ rates }: Stage): Expectation {
  return {
    servedBy: 'standby',
    allowances: [postsThatTry(rates.scaled(postsAt400)), streamsCut(rates.openStreams)],
  };
}

/** The pool just does not answer. */
export function silent(stage: Stage): Expectation {
  return { ...silentForAWhile(stage), servedBy: 'standby' };
}

/** As silent(), until the pool resumes. */
export function silentForAWhile({ stack, rates }: Stage): Expectation {
  const seconds = detectionMs(stack) / 1000;
  return {
    mostLate: rates.scaled(lateAt400),
    allowances: [
      postsInFlight(rates.posts * seconds),
      streamsCut(rates.openStreams),
      streamsSilent(rates.streams * seconds + 2),
    ],
  };
}

/** Only the health checks show the fault. */
export function seenByHealthChecks({ stack, rates }: Stage): Expectation {
  return { servedBy: 'standby', allowances: [postsInFlight((rates.posts * detectionMs(stack)) / 1000)] };
}

/** Responses come, but late. */
export function tardy({ rates }: Stage): Expectation {
  return { servedBy: 'standby', allowances: [], mostLate: rates.scaled(lateAt400) };
}

/** Responses begin, then break off. If the reset overtakes the beginning, nginx sees no response at all. */
export function cutting({ stack, rates }: Stage): Expectation {
  const most = (rates.all * detectionMs(stack)) / 1000;
  const mostPosts = Math.min(most, rates.scaled(postsAt400));
  return { servedBy: 'standby', allowances: [answersCut(most - mostPosts), postsInFlight(mostPosts)] };
}

/** Both pools are dead. */
export function outage({ stack, rates }: Stage): Expectation {
  const connectMs = durationMs(stack.settings.PROXY_CONNECT_TIMEOUT) ?? 0;
  const quickMs = pools.length * connectMs + outageAnswerMs;
  return { allowances: [noPoolServes({ rate: rates.all, quickMs }), streamsCut(rates.openStreams)] };
}

export function reloaded({ edge, rates }: Stage, reloads: number): Expectation {
  const most = (rates.all * reloads * closingMs) / 1000;
  return { servedBy: 'active', allowances: keepsIdle(edge.nginx) ? [] : [keptConnectionsClosed(most)] };
}

/** From 1.27.4 on, nginx can keep idle connections open over a reload. */
function keepsIdle(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  return major * 1e6 + minor * 1e3 + patch >= 1_027_004;
}
