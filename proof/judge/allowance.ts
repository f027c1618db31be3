import { isPost, type Sample } from '../load/sample.ts';
import type { Moments } from './moments.ts';

/** Failures that cannot be avoided under HTTP and the retry policy: counted, explained and bounded. */
export interface Allowance {
  /** A short name for the table. */
  readonly what: string;
  readonly why: string;
  /** Whether a failure is excused. Only called for requests that ended after the fault: earlier ones cannot be caused by it. */
  covers(failed: Sample, moments: Moments): boolean;
  /** How many failures are excused at most. */
  most(moments: Moments): number;
}

/** A request sent up to this long before the fault may still be in flight when it happens. */
const inFlightMs = 1_500;

function isBeforeDetection({ dueAt }: Sample, { brokenAt, detectedBy }: Moments): boolean {
  return dueAt >= brokenAt - inFlightMs && dueAt <= detectedBy;
}

/** POSTs that were sent to the pool before its failure was detected. */
export function postsInFlight(most: number): Allowance {
  return {
    what: 'POST in flight',
    why: 'sent to the pool before its failure was detected, and not retried because it could run twice; a silent pool is waited for until PROXY_LAST_TIMEOUT',
    covers: (failed, moments) =>
      isPost(failed) &&
      (failed.failure?.startsWith('status 5') === true || failed.failure === 'no answer') &&
      isBeforeDetection(failed, moments),
    most: () => most,
  };
}

/** POSTs sent to the broken pool at any time: without flags, only nginx's own fail_timeout of five seconds keeps them away. */
export function postsThatTry(most: number): Allowance {
  return {
    what: 'POST sent to the broken pool',
    why: 'without flags, the edge tries the pool again every five seconds; a POST is not retried because it could run twice',
    covers: (failed, { brokenAt }) =>
      isPost(failed) && failed.failure?.startsWith('status 5') === true && failed.dueAt >= brokenAt - inFlightMs,
    most: () => most,
  };
}

/** Streams that were open on the pool. */
export function streamsCut(most: number): Allowance {
  return {
    what: 'stream cut off',
    why: 'its beginning had already been sent when the pool failed; the client has to reconnect',
    covers: (failed, { detectedBy }) =>
      failed.kind === 'stream' && failed.failure === 'cut off' && failed.dueAt <= detectedBy,
    most: () => most,
  };
}

/** Streams opened on a silent pool: the edge lets them be silent for PROXY_STREAM_TIMEOUT. */
export function streamsSilent(most: number): Allowance {
  return {
    what: 'stream silent',
    why: 'opened on the silent pool before its failure was detected; the edge lets a stream be silent for PROXY_STREAM_TIMEOUT',
    covers: (failed, moments) =>
      failed.kind === 'stream' && failed.failure !== 'wrong body' && isBeforeDetection(failed, moments),
    most: () => most,
  };
}

/** Responses that broke off in the middle of the body. */
export function answersCut(most: number): Allowance {
  return {
    what: 'response cut off',
    why: 'its beginning had already been sent when the pool broke off, before the health checks detected it',
    covers: (failed, moments) => failed.failure === 'cut off' && isBeforeDetection(failed, moments),
    most: () => most,
  };
}

/**
 * Requests during an outage.
 * @param load `rate`: requests a second; `quickMs`: the time within which the edge must have tried both pools and answered
 */
export function noPoolServes({ rate, quickMs }: { readonly rate: number; readonly quickMs: number }): Allowance {
  return {
    what: 'no pool available',
    why: 'both pools were dead; the edge answers with an error as soon as it has tried both',
    covers: ({ dueAt, endedAt, failure }, { brokenAt, injectedAt, repairedAt }) =>
      failure?.startsWith('status 5') === true &&
      dueAt >= brokenAt - inFlightMs &&
      dueAt <= repairedAt &&
      endedAt - Math.max(dueAt, injectedAt) <= quickMs,
    most: ({ brokenAt, repairedAt }) => (rate * (inFlightMs + repairedAt - brokenAt)) / 1000,
  };
}

/** Keep-alive connections that nginx closed at a reload, or when a response that had begun before it ended. */
export function keptConnectionsClosed(most: number): Allowance {
  return {
    what: 'idle connection closed',
    why: 'nginx before 1.27.4 closes kept connections at a reload or after the response in flight, even if a client is about to use them',
    covers: ({ failure }) => failure === 'reset on a kept connection',
    most: () => most,
  };
}
