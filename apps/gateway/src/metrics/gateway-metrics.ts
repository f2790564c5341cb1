import type { ScalingSignal } from '@wa-gate/cluster';
import { KIND_NAMES, MESSAGE_LIMIT, RATE_LIMIT_NAMES } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { type Counter, createInstruments, type Gauge, type Histogram, type Instruments } from '@wa-gate/kit';
import { QUEUE_NAMES, readQueueFigures } from '@wa-gate/messaging';
import { readMailFigures } from '../jobs/mail/mail-rows.ts';
import { STREAM_KINDS } from '../modules/events/index.ts';
import { registerAutoscaling } from './autoscaling-gauges.ts';
import { registerQueues } from './queue-gauges.ts';

/** What every gateway counts, whatever its role. Labels are bounded: routes are templates, never ids. */
export interface GatewayMetrics {
  instruments: Instruments;
  httpRequests: Counter<'method' | 'route' | 'status'>;
  httpAnswers: Counter<'class' | 'outcome'>;
  httpRouteSeconds: Counter<'method' | 'route'>;
  httpDuration: Histogram<'class'>;
  accepted: Counter<'kind' | 'by'>;
  redisErrors: Counter;
  /** Requests that a limit has refused. */
  refusedByLimit: Counter<'bucket'>;
  /** Requests that were counted in this process, because Redis did not answer in time. */
  limitedLocally: Counter;
  eventStreams: Gauge<'kind'>;
  streamedEvents: Counter<'kind'>;
  /** Sessions that got a worker, by the reason of the placement change. */
  placementChanges: Counter<'reason'>;
  /** Sessions taken over from workers that are gone, by how that is known. */
  takeovers: Counter<'cause'>;
  /** Sessions asked to leave their worker. */
  placementMoves: Counter<'reason'>;
  /** Sessions that should run and have no living owner, as this gateway saw it last. */
  placementWaiting: Gauge<'why'>;
  /** Leases that this gateway has ended, by what showed that their process is gone. */
  workerDeaths: Counter<'evidence'>;
  /** Health checks of workers, by what came of them. */
  workerProbes: Counter<'outcome'>;
  /** Registers the gauges of autoscaling, which are read at each scrape. */
  watchAutoscaling(signals: () => Promise<ScalingSignal[]>): void;
  /** Registers the gauges of the control streams by state. */
  watchControlStreams(count: () => Record<string, number>): void;
}

export function createGatewayMetrics(db: Queryable, version = 'unknown'): GatewayMetrics {
  const instruments = createInstruments({ service: 'gateway', version });
  registerQueues(instruments, async () => {
    const queues = await readQueueFigures(db);
    return queues.set(QUEUE_NAMES.mails, await readMailFigures(db));
  });
  const accepted = instruments.counter('wag_messages_accepted_total');
  for (const kind of KIND_NAMES) for (const by of ['gateway', 'owner']) accepted.inc({ kind, by }, 0);
  const refusedByLimit = instruments.counter('wag_requests_limited_total');
  for (const bucket of [...RATE_LIMIT_NAMES, MESSAGE_LIMIT]) refusedByLimit.inc({ bucket }, 0);
  const eventStreams = instruments.gauge('wag_event_streams');
  const streamedEvents = instruments.counter('wag_streamed_events_total');
  for (const kind of STREAM_KINDS) {
    eventStreams.set({ kind }, 0);
    streamedEvents.inc({ kind }, 0);
  }
  return {
    instruments,
    httpRequests: instruments.counter('wag_http_requests_total'),
    httpAnswers: instruments.counter('wag_http_answers_total'),
    httpRouteSeconds: instruments.counter('wag_http_route_seconds_total'),
    httpDuration: instruments.histogram('wag_http_request_duration_seconds'),
    accepted,
    redisErrors: instruments.counter('wag_redis_errors_total'),
    refusedByLimit,
    limitedLocally: instruments.counter('wag_requests_limited_locally_total'),
    eventStreams,
    streamedEvents,
    placementChanges: instruments.counter('wag_placement_changes_total'),
    takeovers: instruments.counter('wag_takeovers_total'),
    placementMoves: instruments.counter('wag_placement_moves_asked_total'),
    placementWaiting: instruments.gauge('wag_placement_waiting'),
    workerDeaths: instruments.counter('wag_worker_deaths_total'),
    workerProbes: instruments.counter('wag_worker_probes_total'),
    watchAutoscaling: (signals) => registerAutoscaling(instruments, signals),
    watchControlStreams(count) {
      instruments.gauge('wag_control_streams', (gauge) => {
        for (const [state, streams] of Object.entries(count())) gauge.set({ state }, streams);
      });
    },
  };
}
