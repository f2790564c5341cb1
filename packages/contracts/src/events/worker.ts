import { Type } from 'typebox';
import { NETWORKS } from '../networks.ts';
import { oneOf } from '../schema.ts';
import { event } from './event.ts';

/** Why a worker is gone: it said so, its address or its successor proved it, or it was silent for too long. */
export const WORKER_ENDS = ['goodbye', 'connection refused', 'newer incarnation', 'lease expired'] as const;

/** What an administrator has set a worker to. */
export const WORKER_ADMIN_STATES = ['active', 'cordoned', 'draining', 'maintenance', 'retired'] as const;

const endpoint = Type.String({ description: 'Where gateways reach it.' });
const network = oneOf(NETWORKS);
const incarnation = Type.Integer({ description: 'Counts the process lives of the worker.' });
const sessions = Type.Integer({ description: 'Sessions that were with it then.' });

/**
 * Events of the workers, which administrators read. They belong to no workspace, so that webhooks and the streams of
 * workspaces have none of them.
 */
export const WORKER_EVENTS = {
  'worker.added': event({
    summary: 'An administrator expects a worker, which has not registered yet.',
    data: Type.Object({ endpoint, network, maxSessions: Type.Integer() }),
    example: { endpoint: 'http://192.168.1.100:8001', network: 'live', maxSessions: 50 },
    keep: 'workers',
  }),
  'worker.online': event({
    summary: 'A process of a worker has registered, or it is heard again after its lease had expired.',
    data: Type.Object({
      cause: oneOf(['registered', 'heard again']),
      incarnation,
      endpoint,
      network,
      revision: Type.String({ description: 'Version of its software.' }),
    }),
    example: {
      cause: 'registered',
      incarnation: 4,
      endpoint: 'http://192.168.1.100:8001',
      network: 'live',
      revision: '1.4.0',
    },
    keep: 'workers',
  }),
  'worker.stopping': event({
    summary: 'The process of a worker shuts down and hands its sessions over.',
    data: Type.Object({ incarnation, sessions }),
    example: { incarnation: 4, sessions: 31 },
    keep: 'workers',
  }),
  'worker.offline': event({
    summary: 'A process of a worker has ended, or it was silent until its lease expired: others take its sessions.',
    data: Type.Object({ cause: oneOf(WORKER_ENDS), incarnation, sessions }),
    example: { cause: 'lease expired', incarnation: 4, sessions: 31 },
    keep: 'workers',
  }),
  'worker.state': event({
    summary: 'An administrator has cordoned, drained or retired a worker, begun its maintenance, or ended that.',
    data: Type.Object({ before: oneOf(WORKER_ADMIN_STATES), after: oneOf(WORKER_ADMIN_STATES) }),
    example: { before: 'active', after: 'draining' },
    keep: 'workers',
  }),
  'worker.drained': event({
    summary: 'A worker that hands its sessions over has none left that should run: its process may be ended.',
    data: Type.Object({ state: oneOf(WORKER_ADMIN_STATES) }),
    example: { state: 'draining' },
    keep: 'workers',
  }),
  'worker.removed': event({
    summary: 'An administrator has removed a worker.',
    data: Type.Object({ endpoint, network }),
    example: { endpoint: 'http://192.168.1.100:8001', network: 'live' },
    keep: 'workers',
  }),
};
