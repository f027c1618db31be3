import type { Histogram, HistogramConfiguration } from 'prom-client';
import { type Durations, durationBoundsMs } from './durations.ts';
import type { Client } from './exposition.ts';

type Labels = Readonly<Record<string, string>>;
type Read = () => Iterable<readonly [labels: readonly string[], Durations]>;

/** A histogram that is read when it is asked for: the package's own can only be filled one observation at a time. */
export function readHistogram(client: Client, configuration: HistogramConfiguration<string>, read: Read): Histogram {
  const { name, help, labelNames = [] } = configuration;

  class ReadHistogram extends client.Histogram {
    override async get(): Promise<Awaited<ReturnType<Histogram['get']>>> {
      const values = [...read()].flatMap(([labelValues, durations]) => {
        const labels = Object.fromEntries(labelNames.map((label, index) => [label, labelValues[index] ?? '']));
        return seriesOf(name, labels, durations);
      });
      return { name, help, type: 'histogram' as never, values, aggregator: 'sum', collect: () => undefined };
    }

    /** What the registry asks for where there is one; the package's types leave it out. */
    getForPromString(): ReturnType<Histogram['get']> {
      return this.get();
    }
  }

  return new ReadHistogram(configuration);
}

function seriesOf(name: string, labels: Labels, { counts, sumMs }: Durations) {
  let count = 0;
  const buckets = counts.map((each, place) => {
    count += each;
    const boundMs = durationBoundsMs[place];
    const le = boundMs === undefined ? '+Inf' : boundMs / 1_000;
    return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: count, exemplar: null };
  });
  return [
    ...buckets,
    // Whole milliseconds until here: a sum of fractions would drift.
    { metricName: `${name}_sum`, labels, value: sumMs / 1_000, exemplar: null },
    { metricName: `${name}_count`, labels, value: count, exemplar: null },
  ];
}
