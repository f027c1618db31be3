import type { Pool } from '../../settings/pool.ts';

/**
 * `get`, `head` and `post` are quick, and latency is measured on them. An `upload` has a body of megabytes. `slow` and `stream`
 * take long by design. The others come from a stranger: `poison` fails on both pools, the answer of `headers` has more headers
 * than the edge accepts, and `tardy` takes longer than the edge waits for the first pool.
 */
export const requestKinds = ['get', 'head', 'post', 'upload', 'slow', 'stream', 'poison', 'headers', 'tardy'] as const;
export type RequestKind = (typeof requestKinds)[number];

export const strangeKinds = ['poison', 'headers', 'tardy'] as const satisfies readonly RequestKind[];
export type StrangeKind = (typeof strangeKinds)[number];

/** How a request failed, as its client saw it. */
export type Failure =
  | `status ${number}`
  /** No response within the client's timeout. */
  | 'no answer'
  | 'refused'
  /** A reset on a new connection, or on a kept one that was closed while the request was sent. */
  | 'reset'
  | 'reset on a kept connection'
  /** The response head arrived, but not the whole body. */
  | 'cut off'
  | 'wrong body'
  | 'wrong pool header'
  /** Still in flight when the load ended. */
  | 'unfinished';

/** One request, as its client saw it. Times are those of nowMs(). */
export interface Sample {
  readonly kind: RequestKind;
  /** `open`: sent on schedule. `closed`: sent by a client that had waited for the previous response, and paused. */
  readonly loop: 'open' | 'closed';
  /** When it had to be sent; latency counts from here. */
  readonly dueAt: number;
  readonly endedAt: number;
  /** 0 if there was no response. */
  readonly status: number;
  readonly pool?: Pool | undefined;
  readonly release?: string | undefined;
  readonly failure?: Failure | undefined;
}

/** Whether a visitor sent it, and not the stranger: it may not notice anything of the stranger. */
export function isInnocent({ kind }: Sample): boolean {
  return !(strangeKinds as readonly RequestKind[]).includes(kind);
}

export function isQuick({ kind }: Sample): boolean {
  return kind === 'get' || kind === 'head' || kind === 'post';
}

/** Whether the edge must not retry it once it has been sent. */
export function isPost({ kind }: Sample): boolean {
  return kind === 'post' || kind === 'upload';
}

export function tookMs({ dueAt, endedAt }: Sample): number {
  return endedAt - dueAt;
}

/** The clock of samples, in milliseconds with fractions: monotonic, and shared by all processes of a machine. */
export function nowMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}
