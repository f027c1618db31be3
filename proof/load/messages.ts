import type { Pool } from '../../settings/pool.ts';
import type { LoadOptions } from './load.ts';
import type { Sample } from './sample.ts';

/** A message to the load process. */
export type Order = { readonly order: 'begin'; readonly options: LoadOptions } | { readonly order: 'end' };

/** A message from the load process. */
export type Report =
  | { readonly report: 'ready' }
  | { readonly report: 'slice'; readonly slice: Slice }
  | { readonly report: 'samples'; readonly samples: readonly Sample[] }
  | { readonly report: 'done' };

/** Counts of the quick requests that ended since the last slice. */
export interface Slice {
  readonly at: number;
  readonly served: Readonly<Record<Pool, number>>;
  /** Requests that succeeded without naming a pool. */
  readonly unnamed: number;
  readonly failed: number;
}

export const sliceMs = 100;
