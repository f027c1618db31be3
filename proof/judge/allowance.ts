import { isPost, type Sample } from '../load/sample.ts';
import type { Moments } from './moments.ts';

/** Failures that HTTP and the retry policy do not allow to be avoided: counted, explained and bounded. */
export interface Allowance {
  /** In a few words, for the table. */
  readonly what: string;
  readonly why: string;
  /** Asked only of what ended after the fault: what ended before it cannot come of it. */
  covers(failed: Sample, moments: Moments): boolean;
  most(moments: Moments): number;
}

/** What was sent so long before a fault may still be on its way when it comes. */
const inFlightMs = 1_500;

function isBeforeDetection({ dueAt }: Sample, { brokenAt, detectedBy }: Moments): boolean {
  return dueAt >= brokenAt - inFlightMs && dueAt <= detectedBy;
}

/** POSTs that had been sent to the pool when it failed, or were before that was noticed. */
export function postsInFlight(most: number): Allowance {
  return {
    what: 'POST in flight',
    why: 'sent to the pool before its failure was noticed, and not repeated because it might then run twice',
    covers: (failed, moments) =>
      isPost(failed) && failed.failure?.startsWith('status 5') === true && isBeforeDetection(failed, moments),
    most: () => most,
  };
}

/** POSTs for as long as nothing but nginx's own marks keeps them away: those end every five seconds. */
export function postsThatTry(most: number): Allowance {
  return {
    what: 'POST that tried the pool',
    why: 'without flags, the edge tries it again every five seconds; a POST is not repeated because it might then run twice',
    covers: (failed, { brokenAt }) =>
      isPost(failed) && failed.failure?.startsWith('status 5') === true && failed.dueAt >= brokenAt - inFlightMs,
    most: () => most,
  };
}

/** Streams that were open on the pool. */
export function streamsCut(most: number): Allowance {
  return {
    what: 'stream cut off',
    why: 'its beginning had been sent to the client when the pool failed; its client has to connect anew',
    covers: (failed, { detectedBy }) =>
      failed.kind === 'stream' && failed.failure === 'cut off' && failed.dueAt <= detectedBy,
    most: () => most,
  };
}

/** Streams that a silent pool was asked for: they may be silent for as long as the edge allows streams to be. */
export function streamsSilent(most: number): Allowance {
  return {
    what: 'stream silent',
    why: 'opened on the silent pool before that was noticed; the edge allows streams PROXY_STREAM_TIMEOUT of silence',
    covers: (failed, moments) =>
      failed.kind === 'stream' && failed.failure !== 'wrong body' && isBeforeDetection(failed, moments),
    most: () => most,
  };
}

/** Answers that broke off in mid-body. */
export function answersCut(most: number): Allowance {
  return {
    what: 'answer cut off',
    why: 'its beginning had been sent to the client when the pool broke off, before the health checks noticed',
    covers: (failed, moments) => failed.failure === 'cut off' && isBeforeDetection(failed, moments),
    most: () => most,
  };
}

/**
 * While no pool was there.
 * @param load `rate`: requests a second; `quickMs`: the edge has tried both pools within that
 */
export function nobodyServes({ rate, quickMs }: { readonly rate: number; readonly quickMs: number }): Allowance {
  return {
    what: 'no pool was there',
    why: 'both pools were dead; the edge says so as soon as it has tried both',
    covers: ({ dueAt, endedAt, failure }, { brokenAt, injectedAt, healedAt }) =>
      failure?.startsWith('status 5') === true &&
      dueAt >= brokenAt - inFlightMs &&
      dueAt <= healedAt &&
      endedAt - Math.max(dueAt, injectedAt) <= quickMs,
    most: ({ brokenAt, healedAt }) => (rate * (inFlightMs + healedAt - brokenAt)) / 1000,
  };
}

/** Connections that were idle when nginx reloaded, or when an answer ended that had begun before. */
export function keptConnectionsClosed(most: number): Allowance {
  return {
    what: 'idle connection closed',
    why: 'nginx before 1.27.4 closes idle connections at a reload, or after the answer that was on its way, also under a client that is about to use one',
    covers: ({ failure }) => failure === 'reset on a kept connection',
    most: () => most,
  };
}
