import type { ScalingSignal } from '@wa-gate/cluster';
import type { Queryable } from '@wa-gate/db';
import { Counter, createMetrics, Gauge, Histogram, type Registry } from '@wa-gate/kit';
import { countDueDeliveries, countQueuedMessages, QUEUE_NAMES } from '@wa-gate/messaging';
import { registerAutoscaling } from './autoscaling-gauges.ts';

/** What the gateway counts. Labels are bounded: routes are templates, never ids. */
export interface GatewayMetrics {
  registry: Registry;
  httpDuration: Histogram<'method' | 'route' | 'status'>;
  deliveries: Counter<'outcome'>;
  deliveryDuration: Histogram;
  redisErrors: Counter;
  /** Requests that a limit has refused. */
  refusedByLimit: Counter<'bucket'>;
  /** Requests that were counted in this process, because Redis did not answer in time. */
  limitedLocally: Counter;
  /** Sessions that got a worker, by the reason of the placement change. */
  placementChanges: Counter<'reason'>;
  /** Sessions taken over from workers that are gone, by how that is known. */
  takeovers: Counter<'cause'>;
  /** Sessions asked to leave their worker. */
  placementMoves: Counter<'reason'>;
  /** Sessions that should run and have no living owner, as this gateway saw it last. */
  placementWaiting: Gauge<'why'>;
  invariantViolations: Gauge<'invariant'>;
  /** Leases that this gateway has ended, by what showed that their process is gone. */
  workerDeaths: Counter<'evidence'>;
  /** Health checks of workers, by what came of them. */
  workerProbes: Counter<'outcome'>;
  /** Registers the gauges of autoscaling, which are read at each scrape. */
  watchAutoscaling(signals: () => Promise<ScalingSignal[]>): void;
  /** Registers the gauges of the control streams by state. */
  watchControlStreams(count: () => Record<string, number>): void;
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export function createGatewayMetrics(db: Queryable): GatewayMetrics {
  const registry = createMetrics('gateway');
  const registers = [registry];
  new Gauge({
    name: 'wag_queue_depth',
    help: 'What waits: accepted messages not yet taken, deliveries that are due. Absent while PostgreSQL does not answer.',
    labelNames: ['queue'],
    registers,
    async collect() {
      this.reset();
      try {
        this.set({ queue: QUEUE_NAMES.messages }, await countQueuedMessages(db));
        this.set({ queue: QUEUE_NAMES.webhooks }, await countDueDeliveries(db));
      } catch {
        this.reset();
      }
    },
  });
  return {
    registry,
    httpDuration: new Histogram({
      name: 'wag_http_request_duration_seconds',
      help: 'Time from the request to the end of its answer.',
      labelNames: ['method', 'route', 'status'],
      buckets: SECONDS,
      registers,
    }),
    deliveries: new Counter({
      name: 'wag_webhook_attempts_total',
      help: 'Attempts to deliver an event, by what came of it.',
      labelNames: ['outcome'],
      registers,
    }),
    deliveryDuration: new Histogram({
      name: 'wag_webhook_attempt_duration_seconds',
      help: 'How long receivers take.',
      buckets: SECONDS,
      registers,
    }),
    placementChanges: new Counter({
      name: 'wag_placement_changes_total',
      help: 'Sessions to which this gateway gave a worker, by reason.',
      labelNames: ['reason'],
      registers,
    }),
    takeovers: new Counter({
      name: 'wag_takeovers_total',
      help: 'Sessions that this gateway took over from workers that are gone, by why their lease was over.',
      labelNames: ['cause'],
      registers,
    }),
    placementMoves: new Counter({
      name: 'wag_placement_moves_asked_total',
      help: 'Sessions whose worker was asked to hand them over, by reason.',
      labelNames: ['reason'],
      registers,
    }),
    placementWaiting: new Gauge({
      name: 'wag_placement_waiting',
      help: 'Sessions that should run and have no living owner, as this gateway saw it last, by what they wait for.',
      labelNames: ['why'],
      registers,
    }),
    redisErrors: new Counter({
      name: 'wag_redis_errors_total',
      help: 'Times that Redis could not answer and PostgreSQL was asked instead.',
      registers,
    }),
    refusedByLimit: new Counter({
      name: 'wag_requests_limited_total',
      help: 'Requests refused with 429, by the bucket that was used up.',
      labelNames: ['bucket'],
      registers,
    }),
    limitedLocally: new Counter({
      name: 'wag_requests_limited_locally_total',
      help: 'Requests counted in this process with its share of the limits, because Redis did not answer in time.',
      registers,
    }),
    invariantViolations: new Gauge({
      name: 'wag_invariant_violations',
      help: 'Rows that break a rule of the tables, by rule; 0 or something is broken. Shown by the replica that looked last.',
      labelNames: ['invariant'] as const,
      registers,
    }),
    workerDeaths: new Counter({
      name: 'wag_worker_deaths_total',
      help: 'Leases that this gateway has ended before their time, by what showed that the process is gone.',
      labelNames: ['evidence'],
      registers,
    }),
    workerProbes: new Counter({
      name: 'wag_worker_probes_total',
      help: 'Health checks of workers by this gateway, by what answered.',
      labelNames: ['outcome'],
      registers,
    }),
    watchAutoscaling: (signals) => registerAutoscaling(registry, signals),
    watchControlStreams(count) {
      new Gauge({
        name: 'wag_control_streams',
        help: 'Control streams from this gateway to workers, by state. `silent`: nothing came for some seconds.',
        labelNames: ['state'],
        registers,
        collect() {
          for (const [state, streams] of Object.entries(count())) this.set({ state }, streams);
        },
      });
    },
  };
}
