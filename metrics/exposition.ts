import type { Counter, Gauge, Histogram, HistogramConfiguration, Registry } from 'prom-client';
import { durationBounds } from './bounds.ts';
import type { Durations } from './durations.ts';

export type Client = typeof import('prom-client');

/** One series: the values of its labels, in the order of their names, and its current value. */
export type Sample = readonly [labels: readonly string[], value: number];

export interface Description {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
}

/**
 * The answer of `GET /metrics`. Nothing is counted here: at each scrape, a metric is read from the part of the program that
 * counts it already. So a metric costs nothing per request, and no two parts can disagree about it.
 */
export class Exposition {
  readonly #metrics: ((client: Client, registry: Registry) => void)[] = [];
  #registry: Promise<Registry> | undefined;

  /** @param read returns the counts since the start of this process */
  counter(description: Description, read: () => Iterable<Sample>): void {
    this.#metrics.push(({ Counter }, registry) => {
      const counter = new Counter({
        ...configurationOf(description, registry),
        collect: () => {
          empty(counter, description);
          for (const [labels, value] of read()) counter.labels(...labels).inc(value);
        },
      });
    });
  }

  gauge(description: Description, read: () => Iterable<Sample>): void {
    this.#metrics.push(({ Gauge }, registry) => {
      const gauge = new Gauge({
        ...configurationOf(description, registry),
        collect: () => {
          empty(gauge, description);
          for (const [labels, value] of read()) gauge.labels(...labels).set(value);
        },
      });
    });
  }

  durations(description: Description, read: () => Iterable<readonly [labels: readonly string[], Durations]>): void {
    this.#metrics.push((client, registry) => readHistogram(client, configurationOf(description, registry), read));
  }

  /** In Prometheus' text format. */
  async text(): Promise<{ readonly contentType: string; readonly text: string }> {
    this.#registry ??= this.#build();
    const registry = await this.#registry;
    return { contentType: registry.contentType, text: await registry.metrics() };
  }

  /** Runs at the first scrape: without scrapes, prom-client takes no memory. */
  async #build(): Promise<Registry> {
    const client = await import('prom-client');
    const registry = new client.Registry();
    for (const add of this.#metrics) add(client, registry);
    return registry;
  }
}

/** A metric without labels. */
export function single(value: number): readonly Sample[] {
  return [[[], value]];
}

/** 1 for the value that holds, 0 for the others. */
export function oneOf<T extends string>(all: readonly T[], which: T | null): Sample[] {
  return all.map((one) => [[one], one === which ? 1 : 0]);
}

/** Without this, prom-client exposes a metric without labels as 0 even if its value is not known. */
function empty(metric: Counter | Gauge, { labels = [] }: Description): void {
  metric.reset();
  if (labels.length === 0) metric.remove();
}

function configurationOf({ name, help, labels = [] }: Description, registry: Registry) {
  return { name, help, labelNames: [...labels], registers: [registry] };
}

type Labels = Readonly<Record<string, string>>;
type Read = () => Iterable<readonly [labels: readonly string[], Durations]>;

/** A histogram that is read at each scrape: prom-client's own can only be filled one observation at a time. */
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

    /** The registry prefers this method if it exists; it is missing from prom-client's types. */
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
    const boundMs = durationBounds.ms[place];
    const le = boundMs === undefined ? '+Inf' : boundMs / 1_000;
    return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: count, exemplar: null };
  });
  return [
    ...buckets,
    // The sum is kept in whole milliseconds, because a sum of fractions would drift.
    { metricName: `${name}_sum`, labels, value: sumMs / 1_000, exemplar: null },
    { metricName: `${name}_count`, labels, value: count, exemplar: null },
  ];
}
