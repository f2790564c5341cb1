import { createHash } from 'node:crypto';
import {
  type ClusterTiming,
  EndpointTakenError,
  LeaseHeldError,
  listWorkers,
  registerWorker,
  setWorkerAdminState,
  type WorkerView,
} from '@wa-gate/cluster';
import type { HeartbeatRequest, RegisterWorkerRequest, Worker, WorkerAction, WorkerState } from '@wa-gate/contracts';
import type { Network, Pool, WorkerAdminState } from '@wa-gate/db';
import {
  type Logger,
  newNonce,
  newToken,
  PROOF_HEADERS,
  provenIncarnation,
  TOKEN_PREFIX,
  tokensEqual,
} from '@wa-gate/kit';
import { type Dispatcher, request } from 'undici';
import { ApiError } from '../../api-error.ts';
import type { ControlStreams } from './control-streams.ts';
import type { StreamTarget } from './worker-stream.ts';

export interface WorkersDependencies {
  pool: Pool;
  dispatcher: Dispatcher;
  /** Token with which a worker joins. */
  joinToken: string;
  defaultNetwork: Network;
  timing: ClusterTiming;
  masterKeys: readonly Uint8Array[];
  streams: Pick<ControlStreams, 'loadOf'>;
  /** A process life has begun. */
  onRegistered: (target: StreamTarget) => void;
  /** The work of a worker is to be spread anew. */
  onAdminState: () => void;
  logger: Logger;
}

export interface Registered {
  workerId: string;
  token: string;
  incarnation: number;
}

export interface WorkersService {
  isJoinToken(token: string): boolean;
  /** @throws {ApiError} WORKER_UNREACHABLE, WORKER_ENDPOINT_TAKEN, WORKER_LEASE_HELD */
  register(worker: RegisterWorkerRequest): Promise<Registered>;
  /** The worker's own metrics, one row a minute. Leases are renewed by the worker itself, never by this. */
  heartbeat(workerId: string, token: string, metrics: HeartbeatRequest['metrics']): Promise<void>;
  list(): Promise<Worker[]>;
  /** @throws {ApiError} WORKER_NOT_FOUND */
  act(workerId: string, action: WorkerAction): Promise<Worker>;
}

const PROBE_TIMEOUT_MS = 5_000;
const DEFAULT_MAX_SESSIONS = 50;
/** A lease that is held elsewhere may be over soon. */
const LEASE_RETRY_SECONDS = 5;

const ADMIN_STATES: Record<WorkerAction, WorkerAdminState> = {
  cordon: 'CORDONED',
  uncordon: 'ACTIVE',
  drain: 'DRAINING',
};

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

function statusOf({ online, adminState }: WorkerView): Worker['status'] {
  if (adminState !== 'ACTIVE') return 'maintenance';
  return online ? 'online' : 'offline';
}

/** What an administrator has set comes first: it lasts, whether the process is there or not. */
function stateOf({ online, adminState, runtimeState }: WorkerView): WorkerState {
  if (adminState !== 'ACTIVE') return adminState.toLowerCase() as Lowercase<Exclude<WorkerAdminState, 'ACTIVE'>>;
  if (!online) return 'offline';
  return runtimeState === 'DRAINING' ? 'stopping' : 'ready';
}

/** Gauges of the lease row, or fresher ones. */
const present = (worker: WorkerView, load: Pick<WorkerView, 'cpuUsage' | 'memoryUsage'> = worker): Worker => ({
  id: worker.workerId,
  endpoint: worker.endpoint,
  status: statusOf(worker),
  state: stateOf(worker),
  network: worker.network === 'LIVE' ? 'live' : 'sandbox',
  sessionCount: worker.sessionCount,
  maxSessions: worker.maxSessions,
  cpuUsage: load.cpuUsage,
  memoryUsage: load.memoryUsage,
  lastHeartbeat: worker.renewedAt?.toISOString() ?? null,
  revision: worker.revision,
  description: worker.description,
});

/** The token must be the worker's present one; the minute's row is overwritten by a later heartbeat of the same minute. */
const HEARTBEAT = `INSERT INTO worker_metrics (worker_id, minute, cpu_usage, memory_usage, session_count, message_count, uptime_seconds)
  SELECT id, date_trunc('minute', now()), $3, $4, $5, $6, $7 FROM workers WHERE id = $1 AND token_hash = $2
  ON CONFLICT (worker_id, minute) DO UPDATE SET cpu_usage = excluded.cpu_usage, memory_usage = excluded.memory_usage,
    session_count = excluded.session_count, message_count = excluded.message_count, uptime_seconds = excluded.uptime_seconds`;

export function createWorkersService(deps: WorkersDependencies): WorkersService {
  const { pool, dispatcher, masterKeys, streams, logger } = deps;

  /** Somebody answers there, and he knows the master key: without it no call of ours would be heard, and no answer believed. */
  async function assertReachable(workerId: string, endpoint: string): Promise<void> {
    const nonce = newNonce();
    try {
      const { statusCode, body, headers } = await request(`${endpoint}/health`, {
        dispatcher,
        headers: { [PROOF_HEADERS.nonce]: nonce },
        signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
      });
      await body.dump();
      if (statusCode >= 300) throw new Error(`GET /health answered ${statusCode}`);
      if (provenIncarnation(masterKeys, workerId, nonce, headers) === undefined) {
        logger.warn({ workerId, endpoint }, 'a worker that registers does not prove who it is');
        throw new ApiError('WORKER_UNREACHABLE', {
          message: `What answers at this endpoint does not prove to be ${workerId}. Check the endpoint, the worker id, and that WAG_MASTER_KEY is the same everywhere.`,
          details: { endpoint },
        });
      }
    } catch (error) {
      if (error instanceof ApiError) throw error;
      logger.warn({ err: error, endpoint }, 'a worker that registers does not answer');
      throw new ApiError('WORKER_UNREACHABLE', { details: { endpoint }, cause: error });
    }
  }

  return {
    isJoinToken: (token) => tokensEqual(token, deps.joinToken),
    async register(worker) {
      const endpoint = worker.endpoint.replace(/\/$/, '');
      await assertReachable(worker.workerId, endpoint);
      const { token } = newToken(TOKEN_PREFIX.workerToken);
      const registration = {
        workerId: worker.workerId,
        endpoint,
        network: (worker.network?.toUpperCase() as Network | undefined) ?? deps.defaultNetwork,
        maxSessions: worker.maxSessions ?? DEFAULT_MAX_SESSIONS,
        revision: worker.revision ?? '',
        description: worker.description,
        tokenHash: hashOf(token),
      };
      try {
        const { incarnation } = await registerWorker(pool, registration, deps.timing);
        logger.info({ workerId: worker.workerId, endpoint, incarnation }, 'worker registered');
        deps.onRegistered({ workerId: worker.workerId, endpoint, incarnation });
        return { workerId: worker.workerId, token, incarnation };
      } catch (error) {
        if (error instanceof LeaseHeldError)
          throw new ApiError('WORKER_LEASE_HELD', {
            details: { workerId: worker.workerId },
            retryAfter: LEASE_RETRY_SECONDS,
            cause: error,
          });
        if (error instanceof EndpointTakenError) throw new ApiError('WORKER_ENDPOINT_TAKEN', { details: { endpoint } });
        throw error;
      }
    },
    async heartbeat(workerId, token, metrics) {
      const { rowCount } = await pool.query(HEARTBEAT, [
        workerId,
        hashOf(token),
        metrics.cpuUsage,
        metrics.memoryUsage,
        metrics.sessionCount,
        metrics.messageCount ?? 0,
        metrics.uptimeSeconds ?? 0,
      ]);
      // Unknown worker and wrong token look the same, and the worker's remedy is the same: register again.
      if (!rowCount)
        throw new ApiError('UNAUTHENTICATED', {
          message: 'This is not the present token of this worker. Register again.',
        });
    },
    async list() {
      return (await listWorkers(pool)).map((worker) => present(worker, streams.loadOf(worker.workerId)));
    },
    async act(workerId, action) {
      if (!(await setWorkerAdminState(pool, workerId, ADMIN_STATES[action]))) throw new ApiError('WORKER_NOT_FOUND');
      logger.info({ workerId, action }, 'state of a worker set');
      deps.onAdminState();
      const worker = (await this.list()).find(({ id }) => id === workerId);
      if (!worker) throw new ApiError('WORKER_NOT_FOUND');
      return worker;
    },
  };
}
