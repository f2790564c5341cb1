import { type Static, Type } from 'typebox';
import { nullable, oneOf, requestBody, timestamp } from './schema.ts';
import { NETWORKS } from './sessions.ts';

export const WORKER_STATUSES = ['online', 'offline', 'maintenance'] as const;

/**
 * The exact states behind the statuses. `ready`: new sessions come. `stopping`: the process ends, its sessions go elsewhere. `offline`: no lease. The others are
 * set by administrators: `cordoned` gets nothing new, `draining` hands its sessions over, `maintenance` does the same until it is ended, `retired` is not used any more.
 */
export const WORKER_STATES = [
  'ready',
  'stopping',
  'offline',
  'cordoned',
  'draining',
  'maintenance',
  'retired',
] as const;
export type WorkerState = (typeof WORKER_STATES)[number];

/** What an administrator may ask of a worker: nothing new, all as before, nothing new and everything off. */
export const WORKER_ACTIONS = ['cordon', 'uncordon', 'drain'] as const;
export type WorkerAction = (typeof WORKER_ACTIONS)[number];

const workerId = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$', examples: ['worker-001'] });
const endpoint = Type.String({
  pattern: '^https?://[^\\s/?#]+/?$',
  maxLength: 300,
  examples: ['http://192.168.1.100:8001'],
});
const maxSessions = Type.Integer({ minimum: 1, maximum: 10_000, examples: [50] });

export const RegisterWorkerRequestSchema = requestBody(
  {
    workerId,
    endpoint,
    maxSessions: Type.Optional(maxSessions),
    network: Type.Optional(oneOf(NETWORKS)),
    revision: Type.Optional(Type.String({ maxLength: 100, description: 'Version of its software.' })),
    description: Type.Optional(Type.String({ maxLength: 500 })),
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

export const WorkerParamsSchema = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 100, examples: ['worker-001'] }),
});

const gauge = Type.Number({ minimum: 0, maximum: 1_000_000 });

export const HeartbeatRequestSchema = requestBody(
  {
    status: Type.Optional(oneOf(WORKER_STATUSES)),
    metrics: requestBody({
      sessionCount: Type.Integer({ minimum: 0 }),
      cpuUsage: gauge,
      memoryUsage: gauge,
      messageCount: Type.Optional(Type.Integer({ minimum: 0, description: 'Since the process started.' })),
      uptimeSeconds: Type.Optional(Type.Integer({ minimum: 0 })),
    }),
  },
  { status: 'online', metrics: { sessionCount: 25, cpuUsage: 45.5, memoryUsage: 67.8 } },
);
export type HeartbeatRequest = Static<typeof HeartbeatRequestSchema>;

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
