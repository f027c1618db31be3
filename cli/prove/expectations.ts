import {
  answersCut,
  keptConnectionsClosed,
  nobodyServes,
  postsInFlight,
  postsThatTry,
  streamsCut,
  streamsSilent,
} from '../../proof/judge/allowance.ts';
import type { Expectation } from '../../proof/judge/verdict.ts';
import { pools } from '../../settings/pool.ts';
import { durationMs } from '../arguments.ts';
import type { Stage } from './scenario.ts';

/** The health checks have noticed after that, with the default settings: a pool that hangs breaks right after a check. */
const noticedMs = 700;
/** What an edge that has tried both pools in vain may take longer than its connect timeouts. */
const sayingSoMs = 500;
/** A busy machine gives up later. */
const givenUpMs = 1_000;
/** Between the end of an idle connection at a reload and its client's noticing. */
const closingMs = 50;
/** Of requests that may take longer than half a second when a pool hangs, at 400 a second. */
const lateAt400 = 250;
/** POSTs that fail when a pool breaks in a way that nginx sees at once. */
const postsAt400 = 10;

/** Until what they have noticed shows in every request. */
const effectMs = 300;

/** How long the health checks need at most; what fails meanwhile is bounded by it. */
export function detectionMs({ settings }: Stage['stack']): number {
  const { PROBE_INTERVAL_MS: interval, PROBE_TIMEOUT_MS: timeout, PROBE_FALL: fall } = settings;
  return Math.max(noticedMs, interval + timeout + (fall - 1) * interval);
}

/** From then on no request may show the fault. */
export function noticedAfterMs(stack: Stage['stack']): number {
  return detectionMs(stack) + effectMs;
}

/**
 * The edge gives up what hangs on a pool after its read timeout, and then leaves the pool alone for a while: a pool that had
 * been healed before would fail twice.
 */
export function hangingMs({ stack }: Stage): number {
  return detectionMs(stack) + (durationMs(stack.settings.PROXY_READ_TIMEOUT) ?? 0) + givenUpMs;
}

/** Nothing may fail, and the active pool serves throughout. */
export const untouched: Expectation = { servedBy: 'active', allowances: [] };

/** Nothing may fail, and the standby takes over. */
export const movesAway: Expectation = { servedBy: 'standby', allowances: [] };

/** nginx sees each failure at once, and a request or two show it. */
export function broken({ rates }: Stage): Expectation {
  return {
    servedBy: 'standby',
    allowances: [postsInFlight(rates.scaled(postsAt400)), streamsCut(rates.openStreams)],
  };
}

/** The same, and no flag keeps requests away from it. */
export function brokenWithoutFlags({ rates }: Stage): Expectation {
  return {
    servedBy: 'standby',
    allowances: [postsThatTry(rates.scaled(postsAt400)), streamsCut(rates.openStreams)],
  };
}

/** Nothing is seen of it but that no answer comes. */
export function silent(stage: Stage): Expectation {
  return { ...silentForAWhile(stage), servedBy: 'standby' };
}

/** The same, until it goes on by itself. */
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

/** The health check tells it, and nothing else does. */
export function toldByHealth({ stack, rates }: Stage): Expectation {
  return { servedBy: 'standby', allowances: [postsInFlight((rates.posts * detectionMs(stack)) / 1000)] };
}

/** Answers come, but late. */
export function tardy({ rates }: Stage): Expectation {
  return { servedBy: 'standby', allowances: [], mostLate: rates.scaled(lateAt400) };
}

/** Answers begin well; where the reset overtakes the beginning, nginx sees no answer at all. */
export function cutting({ stack, rates }: Stage): Expectation {
  const most = (rates.all * detectionMs(stack)) / 1000;
  const mostPosts = Math.min(most, rates.scaled(postsAt400));
  return { servedBy: 'standby', allowances: [answersCut(most - mostPosts), postsInFlight(mostPosts)] };
}

/** Both pools are gone. */
export function outage({ stack, rates }: Stage): Expectation {
  const connectMs = durationMs(stack.settings.PROXY_CONNECT_TIMEOUT) ?? 0;
  const quickMs = pools.length * connectMs + sayingSoMs;
  return { allowances: [nobodyServes({ rate: rates.all, quickMs }), streamsCut(rates.openStreams)] };
}

export function reloaded({ edge, rates }: Stage, reloads: number): Expectation {
  const most = (rates.all * reloads * closingMs) / 1000;
  return { servedBy: 'active', allowances: keepsIdle(edge.nginx) ? [] : [keptConnectionsClosed(most)] };
}

/** From 1.27.4 on nginx can keep idle connections open over a reload. */
function keepsIdle(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  return major * 1e6 + minor * 1e3 + patch >= 1_027_004;
}
