import { type Static, Type } from 'typebox';
import { NETWORKS } from './networks.ts';
import { line, nullable, oneOf, requestBody, timestamp } from './schema.ts';

/** `pending`: added by an administrator, and not registered yet. */
export const WORKER_STATUSES = ['online', 'offline', 'maintenance', 'pending'] as const;

/**
 * The exact states behind the statuses.
 * - `ready`: gets new sessions
 * - `stopping`: the process shuts down, its sessions move
 * - `offline`: no lease
 * - `pending`: added by an administrator, and not registered yet
 * - `cordoned`, set by an administrator: gets no new sessions
 * - `draining`, set by an administrator: hands its sessions over
 * - `maintenance`, set by an administrator: hands its sessions over, until it is ended
 * - `retired`, set by an administrator: not used any more
 */
export const WORKER_STATES = [
  'ready',
  'stopping',
  'offline',
  'pending',
  'cordoned',
  'draining',
  'maintenance',
  'retired',
] as const;
export type WorkerState = (typeof WORKER_STATES)[number];

/**
 * The actions of an administrator on a worker: stop new sessions, allow them again, hand all sessions over, the same
 * for a maintenance.
 */
export const WORKER_ACTIONS = ['cordon', 'uncordon', 'drain', 'maintenance'] as const;
export type WorkerAction = (typeof WORKER_ACTIONS)[number];

/** Words that are routes below `/api/admin/workers`: a worker with such an id could not be addressed. */
export const RESERVED_WORKER_IDS = ['broadcast', 'metrics', 'rebalance', 'register'] as const;

const WORKER_ID_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$';
const workerId = Type.String({ pattern: WORKER_ID_PATTERN, examples: ['worker-001'] });
/** The schema of new worker ids, also in the configuration of the worker. */
export const newWorkerId = (options: { description?: string } = {}) =>
  Type.String({
    pattern: `^(?!(?:${RESERVED_WORKER_IDS.join('|')})$)${WORKER_ID_PATTERN.slice(1)}`,
    examples: ['worker-001'],
    ...options,
  });
const endpoint = Type.String({
  pattern: '^https?://[^\\s/?#]+/?$',
  maxLength: 300,
  examples: ['http://192.168.1.100:8001'],
});
const maxSessions = Type.Integer({ minimum: 1, maximum: 10_000, examples: [50] });

export const WorkerSchema = Type.Object({
  id: workerId,
  endpoint,
  status: oneOf(WORKER_STATUSES),
  state: oneOf(WORKER_STATES, 'The exact state behind the status.'),
  network: oneOf(NETWORKS),
  sessionCount: Type.Integer(),
  maxSessions,
  cpuUsage: Type.Number(),
  memoryUsage: Type.Number(),
  lastHeartbeat: nullable(timestamp()),
  revision: Type.String(),
  description: nullable(Type.String()),
});
export type Worker = Static<typeof WorkerSchema>;

export const RegisterWorkerRequestSchema = requestBody(
  {
    workerId: newWorkerId(),
    endpoint,
    maxSessions: Type.Optional(maxSessions),
    network: Type.Optional(oneOf(NETWORKS)),
    revision: Type.Optional(line({ maxLength: 100, description: 'Version of its software.' })),
    description: Type.Optional(line({ maxLength: 500 })),
  },
  { workerId: 'worker-001', endpoint: 'http://192.168.1.100:8001', maxSessions: 50, network: 'live' },
);
export type RegisterWorkerRequest = Static<typeof RegisterWorkerRequestSchema>;

export const RegisterWorkerResultSchema = Type.Object({
  workerId,
  status: Type.Literal('registered'),
  token: Type.String({ description: "The worker's own token, for its heartbeats. Shown once." }),
  incarnation: Type.Integer({ description: 'Counts the process lives of this worker.' }),
});

export const AddWorkerRequestSchema = requestBody(
  {
    endpoint,
    maxSessions: Type.Optional(maxSessions),
    workerId: Type.Optional(newWorkerId()),
    network: Type.Optional(oneOf(NETWORKS)),
    description: Type.Optional(line({ maxLength: 500 })),
  },
  { endpoint: 'http://203.0.113.45:8001', maxSessions: 20 },
);
export type AddWorkerRequest = Static<typeof AddWorkerRequestSchema>;

export const AddWorkerResultSchema = Type.Object({
  workerId: Type.String({ description: 'Of the worker that answers there, or one of ours until it comes.' }),
  ...WorkerSchema.properties,
});

export const PatchWorkerRequestSchema = Type.Object(
  {
    maxSessions: Type.Optional(maxSessions),
    description: Type.Optional(nullable(line({ maxLength: 500 }))),
  },
  { additionalProperties: false, minProperties: 1, examples: [{ maxSessions: 20 }] },
);
export type PatchWorkerRequest = Static<typeof PatchWorkerRequestSchema>;

export const RemoveWorkerQuerySchema = Type.Object(
  {
    force: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'Also when nobody has room: sessions that did not find another worker wait for one.',
      }),
    ),
  },
  { additionalProperties: false },
);

export const RemoveWorkerResultSchema = Type.Object({
  workerId,
  removed: Type.Literal(true),
  movedSessions: Type.Integer({ description: 'Sessions that other workers have taken.' }),
  waitingSessions: Type.Integer({ description: 'Sessions that wait for a worker now. 0 without `force`.' }),
});
export type RemoveWorkerResult = Static<typeof RemoveWorkerResultSchema>;

export const WorkerTokenSchema = Type.Object({
  workerId,
  token: Type.String({ description: "The worker's new token. Shown once; the former one is good for a short while." }),
});

export const RevokedTokenSchema = Type.Object({ workerId, revoked: Type.Literal(true) });

export const WorkerParamsSchema = Type.Object({ id: workerId });

/** The maximum of the columns. */
const MAX_INT4 = 2_147_483_647;
const gauge = Type.Number({ minimum: 0, maximum: 1_000_000 });

export const HeartbeatRequestSchema = requestBody(
  {
    status: Type.Optional(oneOf(WORKER_STATUSES)),
    metrics: requestBody({
      sessionCount: Type.Integer({ minimum: 0, maximum: MAX_INT4 }),
      cpuUsage: gauge,
      memoryUsage: gauge,
      messageCount: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: Number.MAX_SAFE_INTEGER,
          description: 'Messages sent and received by this worker, over all its process lives.',
        }),
      ),
      uptime: Type.Optional(Type.Integer({ minimum: 0, maximum: MAX_INT4, description: 'Seconds.' })),
    }),
  },
  {
    status: 'online',
    metrics: { sessionCount: 25, cpuUsage: 45.5, memoryUsage: 67.8, messageCount: 1250, uptime: 3600 },
  },
);
export type HeartbeatRequest = Static<typeof HeartbeatRequestSchema>;
