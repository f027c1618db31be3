import { demoShares, streamSeconds } from '../../proof/traffic/mix.ts';

/** What the load makes, for bounds that follow from it. All per second. */
export interface Rates {
  readonly all: number;
  readonly posts: number;
  /** Streams that are open at a time. */
  readonly openStreams: number;
  readonly streams: number;
  /** Bounds in absolute numbers are for 400 requests/s; a smaller load has smaller ones. */
  scaled(at400: number): number;
}

/** A client thinks 0.85 s between two requests. */
const clientRate = 1 / 0.85;

export function ratesOf({ rate, connections }: { readonly rate: number; readonly connections: number }): Rates {
  const all = rate + connections * clientRate;
  const share = (percent: number) => (all * percent) / 100;
  return {
    all,
    posts: share(demoShares.post + demoShares.upload),
    streams: share(demoShares.stream),
    openStreams: share(demoShares.stream) * (streamSeconds + 1) + 2,
    scaled: (at400) => Math.max(2, (at400 * rate) / 400),
  };
}
