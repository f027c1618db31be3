import type { Pool } from '../../settings/pool.ts';

/** One try at one upstream, as the edge logged it. */
export interface Attempt {
  /** `host:port`, or a group's name where the group had no live upstream. */
  readonly address: string;
  /** 0: none was logged (the client left before the answer). */
  readonly status: number;
  /** How long the try took; undefined: not logged. */
  readonly tookMs: number | undefined;
  /** From its beginning to the answer's first byte; undefined: none came, or it was not logged. */
  readonly headerMs: number | undefined;
  /** No header came, so a 502 or 504 is the edge's own: refused, reset or timed out. */
  readonly silent: boolean;
}

/**
 * How the edge chose the pool. A `canary` is sent to the colour that is not active first, with the active one as its backup;
 * a `preview` to the colour that is not active, and to no other.
 */
export const routes = ['public', 'canary', 'preview'] as const;
export type Route = (typeof routes)[number];

/** What joins a request's line in the log, an alert and a trace. */
export interface RequestIds {
  readonly requestId: string;
  readonly traceId?: string;
}

/** One request, as the edge saw it. */
export interface AccessEvent {
  /** Undefined: no pool answered. */
  readonly pool: Pool | undefined;
  /** The active colour when the request was routed; undefined: the request was never routed. */
  readonly active: Pool | undefined;
  readonly route: Route;
  readonly release: string | undefined;
  readonly startMs: number;
  readonly endMs: number;
  /** The final status, as the client got it. */
  readonly status: number;
  /** In order; the last one is the outcome. */
  readonly attempts: readonly Attempt[];
  /** The pool broke off in the middle of the body, which still logs its first status. */
  readonly cutOff: boolean;
  readonly method: string;
  // Only of what an alert may be about: text takes time, and nearly every request went well.
  /** Hostile text. */
  readonly uri: string | undefined;
  readonly ids: RequestIds | undefined;
}
