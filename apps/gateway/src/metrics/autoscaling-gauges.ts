import type { ScalingSignal } from '@wa-gate/cluster';
import type { Instruments, MetricName } from '@wa-gate/kit';
import { createFigures } from './figures.ts';

const GAUGES: Partial<Record<MetricName<'gauge'>, (signal: ScalingSignal) => number>> = {
  wag_autoscaling_desired_workers: ({ desired }) => desired,
  wag_autoscaling_ready_workers: ({ workers }) => workers.ready,
  wag_autoscaling_capacity_sessions: ({ capacity }) => capacity,
  wag_autoscaling_sessions: ({ sessions }) => sessions,
  wag_autoscaling_waiting_sessions: ({ waiting }) => waiting,
  wag_autoscaling_usage_ratio: ({ usage }) => usage,
};

/**
 * The gauges that autoscalers read, by network. One query per scrape. The gauges are absent while PostgreSQL does not
 * answer, so that no autoscaler acts on old figures.
 */
export function registerAutoscaling(instruments: Instruments, signals: () => Promise<ScalingSignal[]>): void {
  const look = createFigures(signals);
  for (const [name, of] of Object.entries(GAUGES)) {
    instruments.gauge(name as 'wag_autoscaling_sessions', async (gauge) => {
      const found = await look();
      gauge.reset();
      for (const signal of found ?? []) gauge.set({ network: signal.network.toLowerCase() }, of(signal));
    });
  }
}
