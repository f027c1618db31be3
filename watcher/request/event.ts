import type { Pool } from '../../settings/pool.ts';

/** One attempt at one pool, as the edge logged it. */
export interface Attempt {
  /** `host:port`, or the name of the upstream group if it had no live upstream. */
  readonly address: string;
  /** 0 if none was logged, because the visitor left before an answer. */
  readonly status: number;
  /** Duration of the attempt; undefined if not logged. */
  readonly tookMs: number | undefined;
  /** Time to the first byte of the answer; undefined if there was none or it was not logged. */
  readonly headerMs: number | undefined;
  /** No response header arrived, so a 502 or 504 is the edge's own: refused, reset or timed out. */
  readonly silent: boolean;
}

/**
 * How the edge chose the pool. A `canary` request tries the standby first and then the active pool, a `preview` only the
 * standby.
 */
export type Route = 'public' | 'canary' | 'preview';

/** Ids that connect a log line, an alert and a trace. */
export interface RequestIds {
  readonly requestId: string;
  readonly traceId?: string;
}

/** The answer's header was larger than the edge passes on; the visitor got a 502. */
export type Fault = 'headers too big';

/** One request, as the edge saw it. */
export interface AccessEvent {
  /** Undefined if no pool answered. */
  readonly pool: Pool | undefined;
  /** The active pool when the request was routed; undefined if it was never routed. */
  readonly active: Pool | undefined;
  readonly route: Route;
  readonly release: string | undefined;
  readonly startMs: number;
  readonly endMs: number;
  /** The final status, as sent to the visitor. */
  readonly status: number;
  /** In the order in which they were made. The last one is the outcome. */
  readonly attempts: readonly Attempt[];
  /** The answer's body was cut off, although the logged status is not an error. */
  readonly cutOff: boolean;
  /** What the edge found wrong with the pool's answer; undefined if nothing. */
  readonly fault?: Fault | undefined;
  readonly method: string;
  // Set only for requests that an alert may be about: decoding text takes time, and nearly every request succeeds.
  /** Untrusted text. */
  readonly uri: string | undefined;
  readonly ids: RequestIds | undefined;
}
