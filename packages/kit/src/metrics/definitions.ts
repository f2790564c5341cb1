/**
 * What serves a metric. `gateway`: each process of the gateway, whatever its role. `jobs`: a gateway with the role
 * `jobs` or `all`. A process can only make metrics that are in {@link METRICS}.
 */
export type MetricSource = 'gateway' | 'jobs' | 'worker';

/** The type of a metric as Prometheus knows it. */
export type MetricType = 'counter' | 'gauge' | 'histogram';

/** Base units end the name of a metric; whatever else is counted has its own word in the name. */
export const BASE_UNITS = ['seconds', 'bytes', 'ratio'] as const;

/** An entry of the registry. */
export interface MetricDefinition {
  type: MetricType;
  /** Of the value, or of what a histogram observes: a base unit, or the things that are counted. */
  unit: string;
  help: string;
  from: readonly MetricSource[];
  /** Each label with all of its values, or with a sentence that says what bounds them. */
  labels?: Readonly<Record<string, readonly string[] | string>>;
  /** Upper bounds of a histogram, in its unit. */
  buckets?: readonly number[];
}

const EVERYWHERE = ['gateway', 'worker'] as const;
const GATEWAY = ['gateway'] as const;
const JOBS = ['jobs'] as const;
const WORKER = ['worker'] as const;

const NETWORKS = ['live', 'sandbox'] as const;
const QUICK = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const SLOW = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** What a request is, for its latency and its availability. */
const REQUEST_CLASSES = ['send', 'live', 'read', 'write', 'probe'] as const;

/** How events are streamed; `wait`: by calls that wait for the next one. */
const STREAM_KINDS = ['sse', 'websocket', 'wait'] as const;

/** Types of brokers that get events. */
const SINKS = ['rabbitmq', 'nats', 'kafka', 'sqs', 'redis'] as const;

/** How an ended lease is explained. */
const LEASE_ENDS = ['connection refused', 'newer incarnation', 'goodbye', 'lease expired'] as const;

/**
 * The reasons why a connection to WhatsApp ended: the first part of the code of a verdict. Numbers are WhatsApp's own,
 * or those of Baileys. Codes that are not in the list count as `other`.
 */
export const CLOSE_REASONS = [
  '401',
  '402',
  '403',
  '405',
  '408',
  '411',
  '428',
  '429',
  '440',
  '463',
  '500',
  '503',
  '515',
  'http',
  'tls',
  'sandbox',
  'stale',
  'store',
  'api',
  'passkey',
  'proxy_unreachable',
  'relink',
  'other',
] as const;

/**
 * Every metric of wa-gate: the one place that gives them a name. Processes serve the default metrics of Node besides
 * (`process_*`, `nodejs_*`). No label names a session, a number, an address or a person. Tests compare this table with
 * what processes serve, with dashboards, rules and `docs/observability.md`.
 */
export const METRICS = {
  wag_build_info: {
    type: 'gauge',
    unit: 'info',
    help: 'Always 1; the labels say which version of the software and of Node runs.',
    from: EVERYWHERE,
    labels: { version: 'one value of a process', node: 'one value of a process' },
  },
  wag_database_pool_connections: {
    type: 'gauge',
    unit: 'connections',
    help: 'Connections of the main pool of this process to PostgreSQL; `waiting` are requests that wait for one.',
    from: EVERYWHERE,
    labels: { state: ['busy', 'idle', 'waiting'] },
  },
  wag_database_pool_max_connections: {
    type: 'gauge',
    unit: 'connections',
    help: 'Connections that the main pool of this process may open.',
    from: EVERYWHERE,
  },
  wag_database_use_seconds: {
    type: 'histogram',
    unit: 'seconds',
    help: 'For how long a connection of the main pool was in use: a statement, or a whole transaction.',
    from: EVERYWHERE,
    buckets: QUICK,
  },
  wag_redis_up: {
    type: 'gauge',
    unit: 'boolean',
    help: '1 while the connection of this process to Redis is ready. Without Redis everything works, slower.',
    from: EVERYWHERE,
  },
  wag_system_log_lines_total: {
    type: 'counter',
    unit: 'lines',
    help: 'Warnings and errors of this process, by what became of them on their way to the table system_logs.',
    from: EVERYWHERE,
    labels: { outcome: ['stored', 'dropped'] },
  },

  wag_http_requests_total: {
    type: 'counter',
    unit: 'requests',
    help: 'Answered requests by the template of their route. `none`: no route of the API.',
    from: GATEWAY,
    labels: { method: 'methods of routes', route: 'templates of routes, never a path', status: 'HTTP statuses' },
  },
  wag_http_answers_total: {
    type: 'counter',
    unit: 'answers',
    help: 'Answers by what they were: `refused` is 4xx, `failed` is 5xx. The objective of availability counts these.',
    from: GATEWAY,
    labels: { class: REQUEST_CLASSES, outcome: ['ok', 'refused', 'failed'] },
  },
  wag_http_route_seconds_total: {
    type: 'counter',
    unit: 'seconds',
    help: 'Time from requests to the ends of their answers, summed by route: divided by the requests it is the mean.',
    from: GATEWAY,
    labels: { method: 'methods of routes', route: 'templates of routes, never a path' },
  },
  wag_http_request_duration_seconds: {
    type: 'histogram',
    unit: 'seconds',
    help: 'Time from the request to the end of its answer. `send` waits for WhatsApp unless told otherwise, `live` asks a worker.',
    from: GATEWAY,
    labels: { class: REQUEST_CLASSES },
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5, 10, 30],
  },
  wag_requests_limited_total: {
    type: 'counter',
    unit: 'requests',
    help: 'Requests refused with 429, by the bucket that was used up.',
    from: GATEWAY,
    labels: { bucket: 'buckets of rate limits' },
  },
  wag_requests_limited_locally_total: {
    type: 'counter',
    unit: 'requests',
    help: 'Requests counted in this process with its share of the limits, because Redis did not answer in time.',
    from: GATEWAY,
  },
  wag_redis_errors_total: {
    type: 'counter',
    unit: 'errors',
    help: 'Times that Redis could not answer and PostgreSQL was asked instead.',
    from: GATEWAY,
  },
  wag_messages_accepted_total: {
    type: 'counter',
    unit: 'messages',
    help: 'Messages accepted for sending; `by` says who stored them: this gateway, or the owner of the session.',
    from: GATEWAY,
    labels: { kind: 'kinds of messages', by: ['gateway', 'owner'] },
  },

  wag_placement_changes_total: {
    type: 'counter',
    unit: 'sessions',
    help: 'Sessions to which this gateway gave a worker, by reason.',
    from: GATEWAY,
    labels: { reason: ['placed', 'takeover', 'handover'] },
  },
  wag_takeovers_total: {
    type: 'counter',
    unit: 'sessions',
    help: 'Sessions that this gateway took over from workers that are gone, by why their lease was over.',
    from: GATEWAY,
    labels: { cause: LEASE_ENDS },
  },
  wag_placement_moves_asked_total: {
    type: 'counter',
    unit: 'sessions',
    help: 'Sessions whose worker was asked to hand them over, by reason.',
    from: GATEWAY,
    labels: { reason: ['drain', 'rebalance'] },
  },
  wag_placement_waiting: {
    type: 'gauge',
    unit: 'sessions',
    help: 'Sessions that should run and have no living owner, as this gateway saw it last, by what they wait for.',
    from: GATEWAY,
    labels: { why: ['no room', 'storm brake'] },
  },
  wag_worker_deaths_total: {
    type: 'counter',
    unit: 'leases',
    help: 'Leases that this gateway has ended before their time, by what showed that the process is gone.',
    from: GATEWAY,
    labels: { evidence: ['connection refused', 'newer incarnation', 'goodbye'] },
  },
  wag_worker_probes_total: {
    type: 'counter',
    unit: 'probes',
    help: 'Health checks of workers by this gateway, by what answered.',
    from: GATEWAY,
    labels: { outcome: ['worker', 'stranger', 'forbidden', 'silent'] },
  },
  wag_control_streams: {
    type: 'gauge',
    unit: 'streams',
    help: 'Control streams from this gateway to workers, by state. `silent`: nothing came for some seconds.',
    from: GATEWAY,
    labels: { state: ['connecting', 'open', 'silent'] },
  },
  wag_autoscaling_desired_workers: {
    type: 'gauge',
    unit: 'workers',
    help: 'Worker processes that there should be, those aside included. The target of an HPA or of KEDA.',
    from: GATEWAY,
    labels: { network: NETWORKS },
  },
  wag_autoscaling_ready_workers: {
    type: 'gauge',
    unit: 'workers',
    help: 'Workers that take sessions.',
    from: GATEWAY,
    labels: { network: NETWORKS },
  },
  wag_autoscaling_capacity_sessions: {
    type: 'gauge',
    unit: 'sessions',
    help: 'Sessions that the ready workers may have.',
    from: GATEWAY,
    labels: { network: NETWORKS },
  },
  wag_autoscaling_sessions: {
    type: 'gauge',
    unit: 'sessions',
    help: 'Sessions that should run.',
    from: GATEWAY,
    labels: { network: NETWORKS },
  },
  wag_autoscaling_waiting_sessions: {
    type: 'gauge',
    unit: 'sessions',
    help: 'Sessions that should run and have no living worker.',
    from: GATEWAY,
    labels: { network: NETWORKS },
  },
  wag_autoscaling_usage_ratio: {
    type: 'gauge',
    unit: 'ratio',
    help: 'Sessions by capacity of the ready workers; 1 is full.',
    from: GATEWAY,
    labels: { network: NETWORKS },
  },

  wag_queue_depth: {
    type: 'gauge',
    unit: 'items',
    help: 'What waits and is due: accepted messages not yet taken, deliveries, mails. Absent while PostgreSQL does not answer.',
    from: GATEWAY,
    labels: { queue: ['message-queue', 'broadcast-queue', 'webhook-queue', 'mail-queue'] },
  },
  wag_queue_oldest_seconds: {
    type: 'gauge',
    unit: 'seconds',
    help: 'For how long the oldest item of a queue has been due; 0 when nothing waits.',
    from: GATEWAY,
    labels: { queue: ['message-queue', 'broadcast-queue', 'webhook-queue', 'mail-queue'] },
  },

  wag_stored_sessions: {
    type: 'gauge',
    unit: 'sessions',
    help: 'Sessions that should run, by the state in the database.',
    from: JOBS,
    labels: { network: NETWORKS, state: 'states of sessions, in lower case' },
  },
  wag_sessions_at_risk: {
    type: 'gauge',
    unit: 'sessions',
    help: 'Sessions that should run, by the level of their risk score, but for the lowest.',
    from: JOBS,
    labels: { level: ['elevated', 'high', 'critical'] },
  },
  wag_stored_webhooks: {
    type: 'gauge',
    unit: 'webhooks',
    help: 'Webhooks by whether events are delivered to them; `off` is by their owner, or because the receiver said 410. `down`: of those that are on, the ones whose receiver takes nothing.',
    from: JOBS,
    labels: { state: ['on', 'off', 'down'] },
  },
  wag_webhook_attempts_total: {
    type: 'counter',
    unit: 'attempts',
    help: 'Attempts to deliver an event, by what came of it. `failed`: the last attempt, the event is not delivered.',
    from: JOBS,
    labels: { outcome: ['delivered', 'retrying', 'failed'] },
  },
  wag_webhook_attempt_duration_seconds: {
    type: 'histogram',
    unit: 'seconds',
    help: 'How long receivers take.',
    from: JOBS,
    buckets: QUICK,
  },
  wag_sink_publishes_total: {
    type: 'counter',
    unit: 'publishes',
    help: 'Attempts to publish an event to a broker. `stored`: the broker has confirmed it; else why it has not.',
    from: JOBS,
    labels: {
      type: SINKS,
      outcome: ['stored', 'unreachable', 'unauthorized', 'full', 'no_destination', 'refused', 'timeout'],
    },
  },
  wag_sink_publish_duration_seconds: {
    type: 'histogram',
    unit: 'seconds',
    help: 'How long brokers take to confirm an event, connecting included.',
    from: JOBS,
    labels: { type: SINKS },
    // Few, because each type has all of them.
    buckets: [0.002, 0.01, 0.05, 0.25, 1, 5, 10],
  },
  wag_sink_connections: {
    type: 'gauge',
    unit: 'connections',
    help: 'Open connections to brokers; endpoints with the same credentials share one.',
    from: JOBS,
    labels: { type: SINKS },
  },
  wag_sinks_failing: {
    type: 'gauge',
    unit: 'sinks',
    help: 'Endpoints whose broker is away, full or refuses them: their last attempt failed. Their events wait.',
    from: JOBS,
    labels: { type: SINKS },
  },
  wag_event_streams: {
    type: 'gauge',
    unit: 'streams',
    help: 'Open streams of events, and calls that wait for an event.',
    from: GATEWAY,
    labels: { kind: STREAM_KINDS },
  },
  wag_streamed_events_total: {
    type: 'counter',
    unit: 'events',
    help: 'Events sent over streams, and to calls of the log.',
    from: GATEWAY,
    labels: { kind: STREAM_KINDS },
  },
  wag_mail_attempts_total: {
    type: 'counter',
    unit: 'attempts',
    help: 'Attempts to send a mail, by what came of it.',
    from: JOBS,
    labels: { outcome: ['sent', 'failed'] },
  },
  wag_invariant_violations: {
    type: 'gauge',
    unit: 'rows',
    help: 'Rows that break a rule of the tables, by rule; 0 or something is broken. Shown by the replica that looked last.',
    from: JOBS,
    labels: { invariant: 'names of the SQL invariants' },
  },
  wag_open_deletions: {
    type: 'gauge',
    unit: 'deletions',
    help: 'Sessions, workspaces, users and webhooks whose deletion was requested, and those whose rows are being erased.',
    from: JOBS,
    labels: { state: ['requested', 'erasing'] },
  },
  wag_erased_rows_total: {
    type: 'counter',
    unit: 'rows',
    help: 'Rows that deletions have erased after their answer.',
    from: JOBS,
  },

  wag_postgres_up: {
    type: 'gauge',
    unit: 'boolean',
    help: '1 when PostgreSQL has answered the collection of these figures within two seconds.',
    from: JOBS,
  },
  wag_postgres_connections: {
    type: 'gauge',
    unit: 'connections',
    help: 'Connections of clients to the server, by what they do.',
    from: JOBS,
    labels: { state: ['active', 'idle', 'idle in transaction', 'other'] },
  },
  wag_postgres_max_connections: {
    type: 'gauge',
    unit: 'connections',
    help: 'Connections that the server accepts.',
    from: JOBS,
  },
  wag_postgres_waiting_connections: {
    type: 'gauge',
    unit: 'connections',
    help: 'Connections to this database that wait for a lock of another one.',
    from: JOBS,
  },
  wag_postgres_oldest_transaction_seconds: {
    type: 'gauge',
    unit: 'seconds',
    help: 'Age of the oldest open transaction of this database.',
    from: JOBS,
  },
  wag_postgres_transactions_total: {
    type: 'counter',
    unit: 'transactions',
    help: 'Transactions of this database.',
    from: JOBS,
    labels: { outcome: ['committed', 'rolled back'] },
  },
  wag_postgres_blocks_total: {
    type: 'counter',
    unit: 'blocks',
    help: 'Blocks of this database that were asked for: found in shared buffers, or read from the system.',
    from: JOBS,
    labels: { source: ['buffers', 'system'] },
  },
  wag_postgres_deadlocks_total: {
    type: 'counter',
    unit: 'deadlocks',
    help: 'Deadlocks of this database.',
    from: JOBS,
  },
  wag_postgres_temporary_bytes_total: {
    type: 'counter',
    unit: 'bytes',
    help: 'Bytes that statements of this database wrote to temporary files.',
    from: JOBS,
  },
  wag_postgres_wal_bytes_total: {
    type: 'counter',
    unit: 'bytes',
    help: 'Bytes of write-ahead log of the whole server.',
    from: JOBS,
  },
  wag_postgres_database_bytes: {
    type: 'gauge',
    unit: 'bytes',
    help: 'Size of this database on disk.',
    from: JOBS,
  },
  wag_postgres_table_bytes: {
    type: 'gauge',
    unit: 'bytes',
    help: 'Size of a table with its indexes.',
    from: JOBS,
    labels: { table: 'tables of the schema' },
  },
  wag_postgres_table_rows: {
    type: 'gauge',
    unit: 'rows',
    help: 'Estimated rows of a table; `dead` ones wait for vacuum.',
    from: JOBS,
    labels: { table: 'tables of the schema', state: ['live', 'dead'] },
  },
  wag_postgres_oldest_xid_age: {
    type: 'gauge',
    unit: 'transactions',
    help: 'Transactions since the oldest one that this database has not frozen; the server refuses writes near 2 billion.',
    from: JOBS,
  },
  wag_postgres_replicas: {
    type: 'gauge',
    unit: 'replicas',
    help: 'Replicas that stream from this server. 0 also where the role may not see them.',
    from: JOBS,
  },
  wag_postgres_replica_lag_seconds: {
    type: 'gauge',
    unit: 'seconds',
    help: 'How far the slowest replica is behind; 0 without replicas.',
    from: JOBS,
  },

  wag_sessions: {
    type: 'gauge',
    unit: 'sessions',
    help: 'Sessions hosted by this worker, by what their actor does.',
    from: WORKER,
    labels: {
      state: [
        'new',
        'connecting',
        'scanning',
        'code',
        'passkey',
        'pairing',
        'connected',
        'waiting',
        'resting',
        'fenced',
        'stopped',
      ],
    },
  },
  wag_worker_capacity_sessions: {
    type: 'gauge',
    unit: 'sessions',
    help: 'Sessions that this worker may have.',
    from: WORKER,
  },
  wag_worker_lease_held: {
    type: 'gauge',
    unit: 'boolean',
    help: '1 while this worker holds its lease. Without it nothing is hosted or sent.',
    from: WORKER,
  },
  wag_supervised_sessions: {
    type: 'gauge',
    unit: 'sessions',
    help: 'Placements of this worker against what it hosts. More actors than placements, and no change in it, would be a leak.',
    from: WORKER,
    labels: { what: ['placed', 'actors', 'waiting', 'moving', 'stopping'] },
  },
  wag_session_longest_silence_seconds: {
    type: 'gauge',
    unit: 'seconds',
    help: 'For how long the quietest open connection has brought nothing.',
    from: WORKER,
  },
  wag_session_connect_seconds: {
    type: 'histogram',
    unit: 'seconds',
    help: 'From the begin of a connection of a linked session to its login at WhatsApp.',
    from: WORKER,
    buckets: SLOW,
  },
  wag_session_closes_total: {
    type: 'counter',
    unit: 'connections',
    help: "Ends of connections to WhatsApp, and attempts that made none, by reason: WhatsApp's code or what was noticed here.",
    from: WORKER,
    labels: { reason: CLOSE_REASONS },
  },
  wag_session_pairing_steps_total: {
    type: 'counter',
    unit: 'steps',
    help: 'Steps of linking: codes shown to be scanned, passkeys wanted, devices linked.',
    from: WORKER,
    labels: { step: ['code shown', 'passkey', 'linked'] },
  },
  wag_session_recycles_total: {
    type: 'counter',
    unit: 'connections',
    help: 'Connections that were open and dead, and were replaced.',
    from: WORKER,
    labels: { reason: ['silent', 'unacknowledged'] },
  },
  wag_session_keepalive_seconds: {
    type: 'histogram',
    unit: 'seconds',
    help: "Round trips of keep-alives to WhatsApp's server.",
    from: WORKER,
    buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  },
  wag_message_outcomes_total: {
    type: 'counter',
    unit: 'messages',
    help: 'What became of messages sent, each step counted.',
    from: WORKER,
    labels: { state: ['sent', 'delivered', 'read', 'played', 'failed', 'unknown'] },
  },
  wag_message_acknowledge_seconds: {
    type: 'histogram',
    unit: 'seconds',
    help: "From taking a message out of the outbox to the word of WhatsApp's server.",
    from: WORKER,
    buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 30],
  },
  wag_message_send_seconds: {
    type: 'histogram',
    unit: 'seconds',
    help: "From the acceptance of a message to the word of WhatsApp's server, by the clocks of the two processes. Scheduled ones wait on purpose.",
    from: WORKER,
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
  },
  wag_message_resends_asked_total: {
    type: 'counter',
    unit: 'messages',
    help: 'Messages that a phone could not decrypt and asked for again.',
    from: WORKER,
  },
  wag_messages_received_total: {
    type: 'counter',
    unit: 'messages',
    help: 'Inbound messages stored.',
    from: WORKER,
  },
  wag_messages_undecryptable_total: {
    type: 'counter',
    unit: 'messages',
    help: 'Inbound messages that could not be decrypted at first; their senders were asked to send them again.',
    from: WORKER,
  },
  wag_settings_refused_total: {
    type: 'counter',
    unit: 'settings',
    help: 'Settings of chats and labels, read from WhatsApp, that PostgreSQL refused: left out, and named in the log.',
    from: WORKER,
  },
  wag_media_downloads_total: {
    type: 'counter',
    unit: 'files',
    help: 'Files of received messages by what became of them: fetched and verified, gone, or given up.',
    from: WORKER,
    labels: { status: ['ready', 'expired', 'failed'] },
  },
  wag_media_downloaded_bytes_total: {
    type: 'counter',
    unit: 'bytes',
    help: 'Bytes of received files that were fetched and verified.',
    from: WORKER,
  },
  wag_history_sessions: {
    type: 'gauge',
    unit: 'sessions',
    help: 'Sessions of which a part of the history is taken in now, and those that wait for a place of the worker or the fleet.',
    from: WORKER,
    labels: { what: ['running', 'waiting'] },
  },
  wag_history_parts_total: {
    type: 'counter',
    unit: 'parts',
    help: 'Parts of the history of sessions by what became of them: taken in, given up, or to be taken in again.',
    from: WORKER,
    labels: { status: ['done', 'failed', 'postponed'] },
  },
  wag_history_bytes_total: {
    type: 'counter',
    unit: 'bytes',
    help: 'Compressed bytes of the history that were fetched or came in a message.',
    from: WORKER,
  },
  wag_history_messages_total: {
    type: 'counter',
    unit: 'messages',
    help: 'Messages of the history that were not known before.',
    from: WORKER,
  },
  wag_history_gap_requests_total: {
    type: 'counter',
    unit: 'requests',
    help: 'Requests to phones for messages of a time in which their session was away: sent, put off, or given up without an answer.',
    from: WORKER,
    labels: { outcome: ['asked', 'postponed', 'unanswered'] },
  },
  wag_key_write_seconds: {
    type: 'histogram',
    unit: 'seconds',
    help: 'Statements that make ratchet steps durable before anything is sent, for all sessions of the worker.',
    from: WORKER,
    buckets: QUICK,
  },
  wag_fence_refusals_total: {
    type: 'counter',
    unit: 'sessions',
    help: 'Actors that ended because a write was refused: the session had another owner.',
    from: WORKER,
  },
  wag_stray_rejections_total: {
    type: 'counter',
    unit: 'promises',
    help: 'Promises that Baileys rejected and nobody awaited, mostly queries of closed connections.',
    from: WORKER,
  },
} as const satisfies Record<`wag_${string}`, MetricDefinition>;

/** The names of all metrics, or of those of one type. */
export type MetricName<T extends MetricType = MetricType> = {
  [N in keyof typeof METRICS]: (typeof METRICS)[N]['type'] extends T ? N : never;
}[keyof typeof METRICS];

/** The labels of a metric; `never` when it has none. */
export type LabelOf<N extends keyof typeof METRICS> = (typeof METRICS)[N] extends { labels: infer L }
  ? keyof L & string
  : never;

/** An entry of {@link METRICS} with its general type. */
export const metricOf = (name: keyof typeof METRICS): MetricDefinition => METRICS[name];

/** The names that a process serves. A gateway with the role `all` has the sources `gateway` and `jobs`. */
export const metricsFrom = (...sources: readonly MetricSource[]): (keyof typeof METRICS)[] =>
  (Object.keys(METRICS) as (keyof typeof METRICS)[]).filter((name) =>
    metricOf(name).from.some((source) => sources.includes(source)),
  );
