import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { type LabelOf, type METRICS, type MetricName, metricOf } from './definitions.ts';

export type { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Makes the metrics of one process. Each name is made once, and only names of the registry compile. */
export interface Instruments {
  readonly registry: Registry;
  /**
   * Series of labels whose values are all known begin at 0: an increase from nothing to 1 would not be seen by
   * Prometheus.
   */
  counter<N extends MetricName<'counter'>>(name: N): Counter<LabelOf<N>>;
  /** @param collect is called at each scrape, and sets the values */
  gauge<N extends MetricName<'gauge'>>(
    name: N,
    collect?: (gauge: Gauge<LabelOf<N>>) => void | Promise<void>,
  ): Gauge<LabelOf<N>>;
  histogram<N extends MetricName<'histogram'>>(name: N): Histogram<LabelOf<N>>;
  /** A counter that something else counts: `read` returns its present values at each scrape. */
  readCounter<N extends MetricName<'counter'>>(name: N, read: () => CounterValues<N> | Promise<CounterValues<N>>): void;
}

type CounterValues<N extends MetricName<'counter'>> = Iterable<
  readonly [labels: Partial<Record<LabelOf<N>, string>>, value: number]
>;

export interface InstrumentsOptions {
  /** The label `service` of all series. */
  service: string;
  /** Of the software. */
  version: string;
}

/** A registry with the default metrics of the process. */
export function createInstruments({ service, version }: InstrumentsOptions): Instruments {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });

  /** What prom-client wants to know. */
  function described(name: keyof typeof METRICS) {
    const { help, labels = {} } = metricOf(name);
    return { name, help, labelNames: Object.keys(labels), registers: [registry] };
  }

  const instruments: Instruments = {
    registry,
    counter<N extends MetricName<'counter'>>(name: N) {
      const counter = new Counter<string>(described(name));
      for (const labels of knownSeries(name)) counter.inc(labels, 0);
      return counter as Counter<LabelOf<N>>;
    },
    gauge<N extends MetricName<'gauge'>>(name: N, collect?: (gauge: Gauge<LabelOf<N>>) => void | Promise<void>) {
      const gauge: Gauge<string> = new Gauge<string>({
        ...described(name),
        ...(collect && { collect: () => collect(gauge as Gauge<LabelOf<N>>) }),
      });
      return gauge as Gauge<LabelOf<N>>;
    },
    histogram<N extends MetricName<'histogram'>>(name: N) {
      const { buckets = [] } = metricOf(name);
      const histogram = new Histogram<string>({ ...described(name), buckets: [...buckets] });
      for (const labels of knownSeries(name)) histogram.zero(labels);
      return histogram as Histogram<LabelOf<N>>;
    },
    readCounter(name, read) {
      const counter: Counter<string> = new Counter<string>({
        ...described(name),
        async collect() {
          const values = await read();
          counter.reset();
          for (const [labels, value] of values) counter.inc(labels as Record<string, string>, value);
        },
      });
    },
  };
  instruments.gauge('wag_build_info').set({ version, node: process.version }, 1);
  return instruments;
}

/** Every combination of the labels, where all values are known; else none. */
function knownSeries(name: keyof typeof METRICS): Record<string, string>[] {
  const { labels = {} } = metricOf(name);
  let series: Record<string, string>[] = [{}];
  for (const [label, values] of Object.entries(labels)) {
    if (typeof values === 'string') return [];
    series = series.flatMap((known) => values.map((value) => ({ ...known, [label]: value })));
  }
  return series[0] && Object.keys(series[0]).length > 0 ? series : [];
}
