import {
  answersCut,
  keptConnectionsClosed,
  nobodyServes,
  postsInFlight,
  streamsCut,
  streamsSilent,
} from '../../proof/judge/allowance.ts';
import type { Expectation } from '../../proof/judge/verdict.ts';
import type { Stage } from './scenario.ts';

/** A pool that hangs has been noticed after that, with the default settings. */
const noticedMs = 700;
/** Of requests that take longer than half a second when a pool hangs, at 400 a second. */
const lateAt400 = 250;
/** POSTs that fail when a pool breaks in a way that nginx sees at once. */
const postsAt400 = 10;

/** How long the health checks need at most: a pool that hangs breaks right after a check. */
export function detectionMs({ settings }: Stage['stack']): number {
  const { PROBE_INTERVAL_MS: interval, PROBE_TIMEOUT_MS: timeout, PROBE_FALL: fall } = settings;
  return Math.max(noticedMs, interval + timeout + (fall - 1) * interval);
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

/** Nothing is seen of it but that no answer comes. */
export function silent(stage: Stage): Expectation {
  return { ...silentForAWhile(stage), servedBy: 'standby', mostLate: stage.rates.scaled(lateAt400) };
}

/** The same, until it goes on by itself. */
export function silentForAWhile({ stack, rates }: Stage): Expectation {
  const seconds = detectionMs(stack) / 1000;
  return {
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

/** Answers begin well. */
export function cutting({ stack, rates }: Stage): Expectation {
  return { servedBy: 'standby', allowances: [answersCut((rates.all * detectionMs(stack)) / 1000)] };
}

/** Both pools are gone. */
export function outage({ rates }: Stage): Expectation {
  return { allowances: [nobodyServes(), streamsCut(rates.openStreams)] };
}

export function reloaded({ edge, rates }: Stage): Expectation {
  return { servedBy: 'active', allowances: keepsIdle(edge.nginx) ? [] : [keptConnectionsClosed(rates.all * 0.5)] };
}

/** From 1.27.4 on nginx can keep idle connections open over a reload. */
function keepsIdle(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  return major * 1e6 + minor * 1e3 + patch >= 1_027_004;
}
