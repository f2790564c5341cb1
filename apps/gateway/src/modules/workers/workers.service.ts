import {
  type ClusterTiming,
  EndpointTakenError,
  type FormerLife,
  LeaseHeldError,
  registerWorker,
  WorkerRemovedError,
} from '@wa-gate/cluster';
import type { HeartbeatRequest, RegisterWorkerRequest } from '@wa-gate/contracts';
import { inTransaction, type Network, type Pool } from '@wa-gate/db';
import type { Logger } from '@wa-gate/kit';
import { ApiError } from '../../http/api-error.ts';
import type { WorkerLife } from '../../worker-links/call-worker.ts';
import type { WorkerAddresses } from '../../worker-links/worker-addresses.ts';
import type { WorkerProbe } from '../../worker-links/worker-probe.ts';
import { type Actor, writeAudit } from '../audit/index.ts';
import { DEFAULT_MAX_SESSIONS, normalizeEndpoint, refusedEndpoint } from './endpoints.ts';
import type { WorkerMetricsStore } from './worker-metrics.ts';
import { newWorkerToken, type WorkerTokens } from './worker-tokens.ts';

export interface WorkersDependencies {
  pool: Pool;
  addresses: WorkerAddresses;
  probe: WorkerProbe;
  tokens: WorkerTokens;
  metrics: Pick<WorkerMetricsStore, 'store'>;
  defaultNetwork: Network;
  timing: ClusterTiming;
  /** A process life has begun. */
  onRegistered: (target: WorkerLife) => void;
  logger: Logger;
}

export interface Registered {
  workerId: string;
  token: string;
  incarnation: number;
}

/** What workers ask of a gateway. */
export interface WorkersService {
  /** @throws {ApiError} UNAUTHENTICATED */
  assertJoin(token: string): void;
  /**
   * @throws {ApiError} WORKER_ENDPOINT_REFUSED, WORKER_UNREACHABLE, WORKER_ENDPOINT_TAKEN, WORKER_LEASE_HELD,
   * WORKER_REMOVED
   */
  register(worker: RegisterWorkerRequest, actor: Actor): Promise<Registered>;
  /** The worker's own figures, one row a minute. Leases are renewed by the worker itself, never by this. */
  heartbeat(workerId: string, token: string, metrics: HeartbeatRequest['metrics']): Promise<void>;
  /** A new token for the one that is shown. */
  rotateToken(workerId: string, token: string, actor: Actor): Promise<string>;
}

const PROBE_TIMEOUT_MS = 5_000;
/** A lease that is held elsewhere may be over soon. */
const LEASE_RETRY_SECONDS = 5;

export function createWorkersService(deps: WorkersDependencies): WorkersService {
  const { pool, addresses, probe, tokens, metrics, logger } = deps;

  /**
   * Checks that a worker with the master key answers at the endpoint: without the key it would refuse all calls, and
   * its answers would be dropped.
   */
  async function assertReachable(workerId: string, endpoint: string): Promise<void> {
    const answer = await probe.ask(endpoint, workerId, PROBE_TIMEOUT_MS);
    if (answer.kind === 'worker') return;
    logger.warn({ workerId, endpoint, answer: answer.kind }, 'a worker that registers does not answer as itself');
    if (answer.kind === 'forbidden') throw refusedEndpoint(endpoint, answer.message);
    if (answer.kind === 'silent') {
      throw new ApiError('WORKER_UNREACHABLE', { details: { endpoint }, cause: answer.error });
    }
    throw new ApiError('WORKER_UNREACHABLE', {
      message: `What answers at this endpoint does not prove to be ${workerId}. Check the endpoint, the worker id, and that WAG_MASTER_KEY is the same everywhere.`,
      details: { endpoint },
    });
  }

  /**
   * Where a process is back before any gateway has noticed its end, nothing else would tell of it: its sessions stay
   * with it. The line is in the system log.
   */
  function warnOfReturn(life: WorkerLife, former: FormerLife): void {
    const { incarnation: formerIncarnation, livedSeconds, silentSeconds } = former;
    logger.warn(
      { ...life, formerIncarnation, livedSeconds: Math.round(livedSeconds), silentSeconds: Math.round(silentSeconds) },
      'a worker registers again without a goodbye: its process died and came back, or it had lost its lease',
    );
  }

  return {
    assertJoin: (token) => tokens.assertJoin(token),
    async register(worker, actor) {
      const { workerId } = worker;
      const endpoint = normalizeEndpoint(addresses, worker.endpoint);
      await assertReachable(workerId, endpoint);
      const { token, hash: tokenHash } = newWorkerToken();
      const registration = {
        workerId,
        endpoint,
        network: (worker.network?.toUpperCase() as Network | undefined) ?? deps.defaultNetwork,
        maxSessions: worker.maxSessions ?? DEFAULT_MAX_SESSIONS,
        revision: worker.revision ?? '',
        description: worker.description,
        tokenHash,
      };
      try {
        const { incarnation, former } = await registerWorker(pool, registration, deps.timing, (tx, life) =>
          writeAudit(tx, workerActor(actor, workerId), {
            action: 'worker.registered',
            resourceType: 'worker',
            resourceId: workerId,
            after: { endpoint, incarnation: life, network: registration.network, revision: registration.revision },
          }),
        );
        logger.info({ workerId, endpoint, incarnation }, 'worker registered');
        if (former && !former.hasEnded) warnOfReturn({ workerId, endpoint, incarnation }, former);
        deps.onRegistered({ workerId, endpoint, incarnation });
        return { workerId, token, incarnation };
      } catch (error) {
        throw refusalOf(error, workerId, endpoint);
      }
    },
    async heartbeat(workerId, token, figures) {
      await tokens.assertOwn(workerId, token);
      await metrics.store(workerId, figures);
    },
    rotateToken: (workerId, token, actor) =>
      inTransaction(pool, async (tx) => {
        const fresh = await tokens.rotate(tx, workerId, token);
        await writeAudit(tx, workerActor(actor, workerId), {
          action: 'worker.token_rotated',
          resourceType: 'worker',
          resourceId: workerId,
        });
        return fresh;
      }),
  };
}

/** The actor of a request that was authenticated as a worker. */
const workerActor = (actor: Actor, workerId: string): Actor => ({ ...actor, kind: 'worker', name: workerId });

function refusalOf(error: unknown, workerId: string, endpoint: string): unknown {
  if (error instanceof WorkerRemovedError) return new ApiError('WORKER_REMOVED', { details: { workerId } });
  if (error instanceof EndpointTakenError) return new ApiError('WORKER_ENDPOINT_TAKEN', { details: { endpoint } });
  if (!(error instanceof LeaseHeldError)) return error;
  return new ApiError('WORKER_LEASE_HELD', {
    details: { workerId },
    retryAfter: LEASE_RETRY_SECONDS,
    cause: error,
  });
}
