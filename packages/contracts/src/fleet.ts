import { type Static, type TObject, type TProperties, Type } from 'typebox';
import { NETWORKS } from './networks.ts';
import { nullable, oneOf, requestBody, timestamp } from './schema.ts';

export const METRIC_RANGES = ['1h', '24h', '7d', '30d'] as const;
export type MetricRange = (typeof METRIC_RANGES)[number];

export const WorkerMetricsQuerySchema = Type.Object(
  { range: Type.Optional(oneOf(METRIC_RANGES, 'By default 24h.')) },
  { additionalProperties: false },
);

const average = (what: string) => nullable(Type.Number({ description: `${what} Null without any sample.` }));

export const WorkerMetricsSchema = Type.Object({
  workerId: Type.String(),
  endpoint: Type.String(),
  avgCpu: average('Percent of one core, over the range.'),
  avgMemory: average('Percent of the memory that the process may use, over the range.'),
  avgSessions: average('Sessions, over the range.'),
  samples: Type.Array(
    Type.Object({
      timestamp: timestamp('Begin of the interval that the sample stands for.'),
      cpuUsage: Type.Number(),
      memoryUsage: Type.Number(),
      sessionCount: Type.Number(),
      messageCount: Type.Integer({
        description: 'Sent and received by this worker, over all its process lives, at the end of the interval.',
      }),
      uptime: Type.Integer({ description: 'Seconds, at the end of the interval.' }),
    }),
  ),
});
export type WorkerMetrics = Static<typeof WorkerMetricsSchema>;

export const WorkerMetricsResultSchema = Type.Object({
  range: oneOf(METRIC_RANGES),
  intervalSeconds: Type.Integer({ description: 'What one sample stands for. Longer ranges have longer intervals.' }),
  workers: Type.Array(WorkerMetricsSchema),
});

export const WorkerMetricsOfOneSchema = Type.Object({
  range: oneOf(METRIC_RANGES),
  intervalSeconds: Type.Integer(),
  ...WorkerMetricsSchema.properties,
});

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;

/** The answer of a worker to `stats`. */
export const WorkerStatsSchema = Type.Object({
  placed: Type.Integer({ description: 'Sessions that the database places there.' }),
  actors: Type.Integer({ description: 'Sessions that it hosts.' }),
  waiting: Type.Integer({ description: 'Placed there, not started yet.' }),
  moving: Type.Integer({ description: 'On their way to another worker.' }),
  stopping: Type.Integer(),
  states: Type.Record(Type.String(), Type.Integer(), { description: 'Sessions by what they do.' }),
  messageCount: Type.Integer({ description: 'Sent and received by this worker, over all its process lives.' }),
  cpuUsage: Type.Number(),
  memoryUsage: Type.Number(),
  eventLoopDelayMs: Type.Number(),
  rssBytes: Type.Integer(),
  heapUsedBytes: Type.Integer(),
  uptime: Type.Integer({ description: 'Seconds.' }),
  node: Type.String({ description: 'Version of Node.js.' }),
});
export type WorkerStats = Static<typeof WorkerStatsSchema>;

/** An operation on all workers at once. Worker and gateway have a table of the same names. */
interface FleetOperationEntry<I extends TProperties, A extends TProperties> {
  summary: string;
  /** The input of a worker. */
  input: I;
  /** The answer of a worker, which the gateway checks. */
  answer: A;
  examples: readonly [Static<TObject<I>>, ...Static<TObject<I>>[]];
}

const defineFleetOperation = <I extends TProperties, A extends TProperties>(entry: FleetOperationEntry<I, A>) => entry;

/** The operations on all workers. None is about one session. */
export const FLEET_OPERATIONS = {
  ping: defineFleetOperation({ summary: 'Do they answer, and how soon.', input: {}, answer: {}, examples: [{}] }),
  stats: defineFleetOperation({
    summary: 'What they host and use.',
    input: {},
    answer: { stats: WorkerStatsSchema },
    examples: [{}],
  }),
  'log-level': defineFleetOperation({
    summary: 'What they log until they end. The answer is the level until now.',
    input: { level: oneOf(LOG_LEVELS) },
    answer: { level: oneOf(LOG_LEVELS) },
    examples: [{ level: 'debug' }],
  }),
  converge: defineFleetOperation({
    summary: 'Compare what they host with what is placed on them, now.',
    input: {},
    answer: {},
    examples: [{}],
  }),
};
export type FleetOperation = keyof typeof FLEET_OPERATIONS;
export const FLEET_OPERATION_NAMES = Object.keys(FLEET_OPERATIONS) as readonly FleetOperation[];

export type FleetInputOf<N extends FleetOperation> = Static<TObject<(typeof FLEET_OPERATIONS)[N]['input']>>;
export type FleetAnswerOf<N extends FleetOperation> = Static<TObject<(typeof FLEET_OPERATIONS)[N]['answer']>>;

export const FleetOperationRequestSchema = requestBody(
  {
    operation: oneOf(FLEET_OPERATION_NAMES),
    level: Type.Optional(oneOf(LOG_LEVELS, 'For `log-level`.')),
    network: Type.Optional(oneOf(NETWORKS, 'Only workers of this network.')),
  },
  { operation: 'ping' },
);
export type FleetOperationRequest = Static<typeof FleetOperationRequestSchema>;

export const FleetOperationReportSchema = Type.Object({
  operation: oneOf(FLEET_OPERATION_NAMES),
  succeeded: Type.Integer(),
  failed: Type.Integer(),
  results: Type.Array(
    Type.Object({
      workerId: Type.String(),
      ok: Type.Boolean(),
      tookMs: Type.Integer(),
      stats: Type.Optional(WorkerStatsSchema),
      level: Type.Optional(oneOf(LOG_LEVELS, 'Of `log-level`: the level until now.')),
      error: nullable(Type.String({ description: 'Why it did not work there.' })),
    }),
  ),
});
export type FleetOperationReport = Static<typeof FleetOperationReportSchema>;

export const RebalanceResultSchema = Type.Object({
  moves: Type.Integer({ description: 'Sessions that were asked to move now. Owners hand them over one by one.' }),
  workers: Type.Array(
    Type.Object({ workerId: Type.String(), sessions: Type.Integer({ description: 'Sessions that leave it.' }) }),
  ),
});

export const SCALING_ADVICE = ['up', 'hold', 'down'] as const;
export const SCALING_TRIGGERS = ['sessions', 'waiting', 'cpu', 'memory', 'minimum', 'aside', 'hysteresis'] as const;

export const AutoscalingSchema = Type.Object({
  networks: Type.Array(
    Type.Object({
      network: oneOf(NETWORKS),
      workers: Type.Object({
        ready: Type.Integer({ description: 'They take new sessions.' }),
        aside: Type.Integer({ description: 'Running, and cordoned, draining, in maintenance or stopping.' }),
        offline: Type.Integer(),
      }),
      capacity: Type.Integer({ description: 'Sessions that the ready workers may have.' }),
      sessions: Type.Integer({ description: 'Sessions that should run.' }),
      waitingSessions: Type.Integer({ description: 'Sessions that should run and have no living worker.' }),
      usage: Type.Number({ description: 'Sessions by capacity; 1 is full.' }),
      avgCpuUsage: Type.Number(),
      avgMemoryUsage: Type.Number(),
      desiredWorkers: Type.Integer({ description: 'Processes that there should be, those aside included.' }),
      advice: oneOf(SCALING_ADVICE),
      reasons: Type.Array(
        Type.Object({
          trigger: oneOf(SCALING_TRIGGERS),
          workers: Type.Integer({ description: 'What this alone would ask for.' }),
          sentence: Type.String(),
        }),
      ),
    }),
  ),
  hints: Type.Object({
    scaleUpAfterSeconds: Type.Integer({ description: 'For how long the signal should ask for more.' }),
    scaleDownAfterSeconds: Type.Integer({ description: 'For how long the signal should ask for less.' }),
    workersPerStepDown: Type.Integer({ description: 'A worker that ends hands its sessions over first.' }),
  }),
});
export type Autoscaling = Static<typeof AutoscalingSchema>;
