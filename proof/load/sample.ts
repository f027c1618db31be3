import type { Pool } from '../../settings/pool.ts';

/**
 * `get`, `head` and `post` are quick, and latency is judged by them; an `upload` has megabytes of body; a `slow` answer and a
 * `stream` take their time by nature; a `poison` request is meant to fail.
 */
export const requestKinds = ['get', 'head', 'post', 'upload', 'slow', 'stream', 'poison'] as const;
export type RequestKind = (typeof requestKinds)[number];

/** How a request failed, as its client saw it. */
export type Failure =
  | `status ${number}`
  /** No answer within the client's patience. */
  | 'no answer'
  | 'refused'
  /** The connection was new, or the one that was kept open had been closed under the request. */
  | 'reset'
  | 'reset on a kept connection'
  /** The head of the answer arrived, and not all of its body. */
  | 'cut off'
  | 'wrong body'
  | 'wrong pool header'
  /** Still on its way when the load ended. */
  | 'unfinished';

/** One request, as its client saw it. Times are those of nowMs(). */
export interface Sample {
  readonly kind: RequestKind;
  /** `open`: it left on schedule; `closed`: its client had waited for the answer before, and thought. */
  readonly loop: 'open' | 'closed';
  /** When it had to leave: latency counts from here. */
  readonly dueAt: number;
  readonly endedAt: number;
  /** 0: no answer. */
  readonly status: number;
  readonly pool?: Pool | undefined;
  readonly release?: string | undefined;
  readonly failure?: Failure | undefined;
}

export function isQuick({ kind }: Sample): boolean {
  return kind === 'get' || kind === 'head' || kind === 'post';
}

/** POST is not repeated once it was sent. */
export function isPost({ kind }: Sample): boolean {
  return kind === 'post' || kind === 'upload';
}

export function tookMs({ dueAt, endedAt }: Sample): number {
  return endedAt - dueAt;
}

/** The clock of samples: nobody sets it, and all processes of a machine share it. Milliseconds with fractions. */
export function nowMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}
