import { spreadOf } from './figures.ts';
import type { Pass } from './pass.ts';

/** One contender in one fault, over all rounds. */
export interface Curve {
  readonly contender: string;
  /** Ascending by time, in milliseconds since the fault. */
  readonly points: readonly { readonly atMs: number; readonly slowestMs: number; readonly failed: number }[];
  readonly repairedMs: number;
  /** Failed requests of one round. */
  readonly failed: number;
  /** Requests of one round that took more than 500 ms. */
  readonly late: number;
}

const lateMs = 500;

/** Takes the median over the rounds of each moment's slowest request, so that one hiccup of the machine causes no peak. */
export function curveOf(contender: string, passes: readonly Pass[]): Curve {
  const median = (values: readonly number[]) => spreadOf(values).median;
  const steps = Map.groupBy(
    passes.flatMap(({ timeline }) => timeline),
    ({ atMs }) => atMs,
  );
  return {
    contender,
    points: [...steps]
      .toSorted(([one], [other]) => one - other)
      .map(([atMs, here]) => ({
        atMs,
        slowestMs: median(here.map(({ maxMs }) => maxMs)),
        failed: here.reduce((sum, { failed }) => sum + failed, 0) / passes.length,
      })),
    repairedMs: median(passes.map(({ repairedMs }) => repairedMs)),
    failed: median(passes.map(({ failures }) => Object.values(failures).reduce((sum, count) => sum + count, 0))),
    late: median(passes.map(({ latenciesMs }) => latenciesMs.filter((ms) => ms > lateMs).length)),
  };
}
