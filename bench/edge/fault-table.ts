import { ascending, quantile } from '../../proof/judge/quantile.ts';
import type { FaultKind } from './fault-kinds.ts';
import { grouped, markdown, spreadOf, withRange } from './figures.ts';
import type { Pass } from './pass.ts';

const lateMs = 500;

const header = [
  'fault',
  'edge',
  'requests',
  'GET, HEAD failed',
  'POST failed',
  'streams failed',
  'over 500 ms',
  'p50 ms',
  'p99 ms',
  'p99.9 ms',
  'max ms',
];

/** Counts are the median of the rounds, with the range. Latencies are taken over all rounds. */
export function faultTable(
  passes: readonly Pass[],
  faults: readonly FaultKind[],
  contenders: readonly string[],
): string {
  const rows = faults.flatMap(({ name, label }) => {
    const here = contenders.map((contender) =>
      passes.filter((pass) => pass.fault === name && pass.contender === contender),
    );
    const counts = [
      (pass: Pass) => pass.failedGets,
      (pass: Pass) => pass.failedPosts,
      (pass: Pass) => pass.failedStreams,
      (pass: Pass) => pass.latenciesMs.filter((ms) => ms > lateMs).length,
    ].map((count) => here.map((own) => spreadOf(own.map(count))));
    const fewest = counts.map((spreads) => Math.min(...spreads.map(({ median }) => median)));
    return contenders.map((contender, index) => {
      const own = here[index] ?? [];
      const latencies = ascending(own.flatMap(({ latenciesMs }) => latenciesMs));
      return [
        index === 0 ? label : '',
        contender,
        grouped(spreadOf(own.map(({ requests }) => requests)).median),
        ...counts.map((spreads, column) => {
          const spread = spreads[index] ?? { median: 0, min: 0, max: 0 };
          const text = withRange(spread);
          // The best contender of each fault is set in bold.
          return spread.median === fewest[column] ? `**${text}**` : text;
        }),
        ...[0.5, 0.99, 0.999, 1].map((share) => grouped(quantile(latencies, share), 1)),
      ];
    });
  });
  return markdown(header, rows);
}
