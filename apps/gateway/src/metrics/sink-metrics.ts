import { SINK_TYPES, type SinkType } from '@wa-gate/contracts';
import type { Counter, Histogram, Instruments } from '@wa-gate/kit';

/** What is counted at each scrape; a type that is missing has none. */
export interface SinkFigures {
  connections(): ReadonlyMap<SinkType, number>;
  failing(): ReadonlyMap<SinkType, number>;
}

/** What a gateway with the role `jobs` or `all` counts of brokers. */
export interface SinkMetrics {
  publishes: Counter<'type' | 'outcome'>;
  duration: Histogram<'type'>;
  /** From now on these are the figures. */
  watch(figures: SinkFigures): void;
}

export function createSinkMetrics(instruments: Instruments): SinkMetrics {
  let watched: SinkFigures | undefined;
  const gauges = { connections: 'wag_sink_connections', failing: 'wag_sinks_failing' } as const;
  for (const [figure, name] of Object.entries(gauges)) {
    instruments.gauge(name, (gauge) => {
      const counts = watched?.[figure as keyof typeof gauges]();
      for (const type of SINK_TYPES) gauge.set({ type }, counts?.get(type) ?? 0);
    });
  }
  return {
    publishes: instruments.counter('wag_sink_publishes_total'),
    duration: instruments.histogram('wag_sink_publish_duration_seconds'),
    watch(figures) {
      watched = figures;
    },
  };
}
