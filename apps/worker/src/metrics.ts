import {
  CLOSE_REASONS,
  type Counter,
  createInstruments,
  type Histogram,
  type Instruments,
  timeOfId,
} from '@wa-gate/kit';
import type { ConnectionStep } from './session/actor-ports.ts';
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
  instruments: Instruments;
  fenceRefusals: Counter;
  unhandledRejections: Counter;
  recycles: Counter<'reason'>;
  keepAliveSeconds: Histogram;
  keyWriteSeconds: Histogram;
  resendsAsked: Counter;
  undecryptable: Counter;
  settingsRefused: Counter;
  historyParts: Counter<'status'>;
  historyBytes: Counter;
  historyMessages: Counter;
  gapRequests: Counter<'outcome'>;
  /** Adds a gauge of the sessions whose history is taken in, or waits for that. Called once. */
  watchHistory(counts: () => { running: number; waiting: number }): void;
  /** Adds gauges of the host. Called once. */
  watchHost(figures: HostFigures): void;
  /** Adds gauges of the process. Called once. */
  watchWorker(figures: WorkerFigures): void;
  /** Messages sent and received since the start of this process. */
  messageCount(): number;
  countStep(step: ConnectionStep): void;
  countOutcome(state: string): void;
  /** Milliseconds from the start of the attempt to the server's word. */
  countAcknowledged(milliseconds: number, messageId: string): void;
  countInbound(count: number): void;
  countDownload(status: 'ready' | 'expired' | 'failed', bytes: number): void;
}

export interface WorkerMetricsSources {
  /** Of the software. @default 'unknown' */
  version?: string | undefined;
  states: () => Iterable<ActorState['name']>;
}

/** Figures of the host, which is built after the metrics. */
export interface HostFigures {
  longestSilenceMs: () => number;
  counts: () => HostCounts;
}

/** Figures of the process, which its starter has. */
export interface WorkerFigures {
  maxSessions: number;
  isLeaseHeld: () => boolean;
}

const KNOWN_REASONS: ReadonlySet<string> = new Set(CLOSE_REASONS);

/** The part of a verdict's code that is bounded. */
function reasonOf(code: string): string {
  const [head = ''] = code.split('/');
  return KNOWN_REASONS.has(head) ? head : 'other';
}

const PAIRING_STEPS = { code: 'code shown', passkey: 'passkey', linked: 'linked' } as const;

export function createWorkerMetrics({ version = 'unknown', states }: WorkerMetricsSources): WorkerMetrics {
  const instruments = createInstruments({ service: 'worker', version });
  let messages = 0;

  instruments.gauge('wag_sessions', (gauge) => {
    const sessions = new Map(STATES.map((state) => [state, 0]));
    for (const state of states()) sessions.set(state, (sessions.get(state) ?? 0) + 1);
    for (const [state, count] of sessions) gauge.set({ state: stateLabel(state) }, count);
  });
  const outcomes = instruments.counter('wag_message_outcomes_total');
  const inbound = instruments.counter('wag_messages_received_total');
  const downloads = instruments.counter('wag_media_downloads_total');
  const downloadedBytes = instruments.counter('wag_media_downloaded_bytes_total');
  const acknowledgeSeconds = instruments.histogram('wag_message_acknowledge_seconds');
  const sendSeconds = instruments.histogram('wag_message_send_seconds');
  const connectSeconds = instruments.histogram('wag_session_connect_seconds');
  const closes = instruments.counter('wag_session_closes_total');
  const pairingSteps = instruments.counter('wag_session_pairing_steps_total');
  return {
    instruments,
    watchHost({ longestSilenceMs, counts }) {
      instruments.gauge('wag_supervised_sessions', (gauge) => {
        for (const [what, count] of Object.entries(counts())) gauge.set({ what }, count);
      });
      instruments.gauge('wag_session_longest_silence_seconds', (gauge) => gauge.set(longestSilenceMs() / 1_000));
    },
    watchWorker({ maxSessions, isLeaseHeld }) {
      instruments.gauge('wag_worker_capacity_sessions').set(maxSessions);
      instruments.gauge('wag_worker_lease_held', (gauge) => gauge.set(isLeaseHeld() ? 1 : 0));
    },
    fenceRefusals: instruments.counter('wag_fence_refusals_total'),
    unhandledRejections: instruments.counter('wag_stray_rejections_total'),
    recycles: instruments.counter('wag_session_recycles_total'),
    keepAliveSeconds: instruments.histogram('wag_session_keepalive_seconds'),
    keyWriteSeconds: instruments.histogram('wag_key_write_seconds'),
    resendsAsked: instruments.counter('wag_message_resends_asked_total'),
    undecryptable: instruments.counter('wag_messages_undecryptable_total'),
    historyParts: instruments.counter('wag_history_parts_total'),
    historyBytes: instruments.counter('wag_history_bytes_total'),
    historyMessages: instruments.counter('wag_history_messages_total'),
    gapRequests: instruments.counter('wag_history_gap_requests_total'),
    watchHistory(counts) {
      instruments.gauge('wag_history_sessions', (gauge) => {
        for (const [what, count] of Object.entries(counts())) gauge.set({ what }, count);
      });
    },
    settingsRefused: instruments.counter('wag_settings_refused_total'),
    messageCount: () => messages,
    countStep(step) {
      if (step.name === 'opened') connectSeconds.observe(step.afterMs / 1_000);
      else if (step.name === 'closed') closes.inc({ reason: reasonOf(step.code) });
      else pairingSteps.inc({ step: PAIRING_STEPS[step.name] });
    },
    countOutcome(state) {
      outcomes.inc({ state: state.toLowerCase() });
      if (state === 'SENT') messages += 1;
    },
    countAcknowledged(milliseconds, messageId) {
      acknowledgeSeconds.observe(milliseconds / 1_000);
      sendSeconds.observe(Math.max(0, Date.now() - timeOfId(messageId)) / 1_000);
    },
    countInbound(count) {
      inbound.inc(count);
      messages += count;
    },
    countDownload(status, bytes) {
      downloads.inc({ status });
      downloadedBytes.inc(bytes);
    },
  };
}
