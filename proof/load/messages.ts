import type { Pool } from '../../settings/pool.ts';
import type { LoadOptions } from './load.ts';
import type { Sample } from './sample.ts';

/** To the load's process. */
export type Order = { readonly order: 'begin'; readonly options: LoadOptions } | { readonly order: 'end' };

/** From the load's process. */
export type Report =
  | { readonly report: 'ready' }
  | { readonly report: 'slice'; readonly slice: Slice }
  | { readonly report: 'samples'; readonly samples: readonly Sample[] }
  | { readonly report: 'done' };

/** What ended within the last moment, of quick requests alone. */
export interface Slice {
  readonly at: number;
  readonly served: Readonly<Record<Pool, number>>;
  /** Answered well, by whom nobody said. */
  readonly unnamed: number;
  readonly failed: number;
}

export const sliceMs = 100;
