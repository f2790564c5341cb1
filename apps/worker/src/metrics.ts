import { Counter, createMetrics, Gauge, Histogram, type Registry } from '@wa-gate/kit';
import { type ActorState, stateLabel } from './session/transition.ts';
import type { HostCounts } from './supervisor/supervisor.ts';

const STATES: ActorState['name'][] = [
  'new',
  'connecting',
  'scanning',
  'code',
  'passkey',
  'pairing',
  'connected',
  'waiting',
  'parked',
  'fenced',
  'stopped',
];

/** The metrics of this worker. Labels are bounded; no session is named. */
export interface WorkerMetrics {
  registry: Registry;
  outcomes: Counter<'state'>;
  inbound: Counter;
  acknowledgeSeconds: Histogram;
  fenceRefusals: Counter;
  unhandledRejections: Counter;
  recycles: Counter<'reason'>;
  keepAliveSeconds: Histogram;
  /** Adds gauges of the host. Called once. */
  watchHost(figures: HostFigures): void;
  /** Messages sent and received since the start. */
  messageCount(): number;
  countOutcome(state: string): void;
  countInbound(count: number): void;
}

export interface WorkerMetricsSources {
  states: () => Iterable<ActorState['name']>;
}

/** Figures of the host, which is built after the metrics. */
export interface HostFigures {
  longestSilenceMs: () => number;
  counts: () => HostCounts;
}

export function createWorkerMetrics({ states }: WorkerMetricsSources): WorkerMetrics {
  const registry = createMetrics('worker');
  const registers = [registry];
  let messages = 0;

  new Gauge({
    name: 'wag_sessions',
    help: 'Sessions hosted by this worker, by what their actor does.',
    labelNames: ['state'],
    registers,
    collect() {
      const sessions = new Map(STATES.map((state) => [state, 0]));
      for (const state of states()) sessions.set(state, (sessions.get(state) ?? 0) + 1);
      for (const [state, count] of sessions) this.set({ state: stateLabel(state) }, count);
    },
  });
  const outcomes = new Counter({
    name: 'wag_message_outcomes_total',
    help: 'What became of messages sent, each step counted.',
    labelNames: ['state'] as const,
    registers,
  });
  const inbound = new Counter({ name: 'wag_messages_received_total', help: 'Inbound messages stored.', registers });
  const acknowledgeSeconds = new Histogram({
    name: 'wag_message_acknowledge_seconds',
    help: "From taking a message out of the outbox to the word of WhatsApp's server.",
    buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 30],
    registers,
  });
  const fenceRefusals = new Counter({
    name: 'wag_fence_refusals_total',
    help: 'Writes refused because the session had another owner.',
    registers,
  });
  const unhandledRejections = new Counter({
    name: 'wag_stray_rejections_total',
    help: 'Promises that Baileys rejected and nobody awaited, mostly queries of closed connections.',
    registers,
  });
  const recycles = new Counter({
    name: 'wag_session_recycles_total',
    help: 'Connections that were open and dead, and were replaced.',
    labelNames: ['reason'] as const,
    registers,
  });
  const keepAliveSeconds = new Histogram({
    name: 'wag_session_keepalive_seconds',
    help: "Round trips of keep-alives to WhatsApp's server.",
    buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  return {
    registry,
    watchHost({ longestSilenceMs, counts }) {
      new Gauge({
        name: 'wag_supervised_sessions',
        help: 'Placements of this worker against what it hosts. More actors than placements, and no change in it, would be a leak.',
        labelNames: ['what'],
        registers,
        collect() {
          for (const [what, count] of Object.entries(counts())) this.set({ what }, count);
        },
      });
      new Gauge({
        name: 'wag_session_silence_seconds_max',
        help: 'For how long the quietest open connection has brought nothing.',
        registers,
        collect() {
          this.set(longestSilenceMs() / 1000);
        },
      });
    },
    outcomes,
    inbound,
    acknowledgeSeconds,
    fenceRefusals,
    unhandledRejections,
    recycles,
    keepAliveSeconds,
    messageCount: () => messages,
    countOutcome(state) {
      outcomes.inc({ state: state.toLowerCase() });
      if (state === 'SENT') messages += 1;
    },
    countInbound(count) {
      inbound.inc(count);
      messages += count;
    },
  };
}
