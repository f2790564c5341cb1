import type { ScalingSignal } from '@wa-gate/cluster';
import { Gauge, type Registry } from '@wa-gate/kit';

const GAUGES: { name: string; help: string; of: (signal: ScalingSignal) => number }[] = [
  {
    name: 'wag_autoscaling_desired_workers',
    help: 'Worker processes that there should be, those aside included. The target of an HPA or of KEDA.',
    of: ({ desired }) => desired,
  },
  {
    name: 'wag_autoscaling_ready_workers',
    help: 'Workers that take sessions.',
    of: ({ workers }) => workers.ready,
  },
  {
    name: 'wag_autoscaling_capacity_sessions',
    help: 'Sessions that the ready workers may have.',
    of: ({ capacity }) => capacity,
  },
  { name: 'wag_autoscaling_sessions', help: 'Sessions that should run.', of: ({ sessions }) => sessions },
  {
    name: 'wag_autoscaling_waiting_sessions',
    help: 'Sessions that should run and have no living worker.',
    of: ({ waiting }) => waiting,
  },
  {
    name: 'wag_autoscaling_usage_ratio',
    help: 'Sessions by capacity of the ready workers; 1 is full.',
    of: ({ usage }) => usage,
  },
];

/**
 * The gauges that autoscalers read, by network. One query per scrape. The gauges are absent while PostgreSQL does not
 * answer, so that no autoscaler acts on old figures.
 */
export function registerAutoscaling(registry: Registry, signals: () => Promise<ScalingSignal[]>): void {
  /** All gauges of one scrape are collected in the same turn. */
  let looking: Promise<ScalingSignal[]> | undefined;
  function look(): Promise<ScalingSignal[]> {
    looking ??= signals()
      .catch(() => [])
      .finally(() => {
        looking = undefined;
      });
    return looking;
  }
  for (const { name, help, of } of GAUGES) {
    new Gauge({
      name,
      help,
      labelNames: ['network'],
      registers: [registry],
      async collect() {
        const found = await look();
        this.reset();
        for (const signal of found) this.set({ network: signal.network.toLowerCase() }, of(signal));
      },
    });
  }
}
