import {
  inTransaction,
  isUniqueViolation,
  type Network,
  type Pool,
  type PoolClient,
  type Queryable,
} from '@wa-gate/db';
import { leaseIsOver } from './lease-states.ts';
import { BY_PRIORITY } from './priority.ts';
import type { ClusterTiming } from './timing.ts';

export interface WorkerRegistration {
  workerId: string;
  /** Base URL under which gateways reach the worker. */
  endpoint: string;
  network: Network;
  maxSessions: number;
  /** Version of the software, so that placement can prefer the newest during a rollout. */
  revision: string;
  description?: string | undefined;
  /** SHA-256 of the worker's own token. */
  tokenHash: Buffer;
}

export interface LoadGauges {
  /** Percent of one core, 0-100 and more. */
  cpuUsage: number;
  /** Percent of the memory that the process may use. */
  memoryUsage: number;
  eventLoopDelayMs: number;
}

/** One life of a worker process. */
export interface Incarnation {
  workerId: string;
  incarnation: number;
}

/** Another worker is registered under this endpoint. */
export class EndpointTakenError extends Error {
  override name = 'EndpointTakenError';
}

/** Another process holds the lease of this worker id, at another endpoint: it must end or expire first. */
export class LeaseHeldError extends Error {
  override name = 'LeaseHeldError';
}

/**
 * An expired lease that is held again, by the same life or the next: remembers when it fell silent. What the right sides read are the values
 * from before.
 */
const HAD_EXPIRED = 'worker_leases.ended_at IS NULL AND worker_leases.expires_at < now()';
const REVIVAL = `revived_at = CASE WHEN ${HAD_EXPIRED} THEN now() ELSE worker_leases.revived_at END,
  silent_since = CASE WHEN ${HAD_EXPIRED} THEN worker_leases.renewed_at ELSE worker_leases.silent_since END`;

/**
 * Registers a process life: incarnation + 1 with a fresh lease, and the placements of the former life (epoch + 1 each, I1), so that a worker
 * that restarts finds its sessions again. From the same endpoint it ends the former lease at once: an address answers for one process. From
 * another endpoint it has to wait until the former lease is over.
 *
 * @throws {EndpointTakenError}
 * @throws {LeaseHeldError}
 */
export async function registerWorker(
  pool: Pool,
  worker: WorkerRegistration,
  timing: Pick<ClusterTiming, 'leaseTtlMs' | 'takeoverGraceMs'>,
): Promise<{ incarnation: number }> {
  try {
    return await inTransaction(pool, async (tx) => {
      await lockWorker(tx, worker, timing);
      const lease = await tx.query<{ incarnation: number }>(
        `INSERT INTO worker_leases (worker_id, incarnation, expires_at)
         VALUES ($1, 1, now() + $2 * interval '1 ms')
         ON CONFLICT (worker_id) DO UPDATE SET incarnation = worker_leases.incarnation + 1, expires_at = excluded.expires_at,
           runtime_state = 'READY', started_at = now(), renewed_at = now(), ended_at = NULL, ended_reason = NULL, ${REVIVAL}
         RETURNING incarnation`,
        [worker.workerId, timing.leaseTtlMs],
      );
      const { incarnation } = lease.rows[0]!;
      await takeFormerPlacements(tx, worker, incarnation);
      return { incarnation };
    });
  } catch (error) {
    if (!isUniqueViolation(error, 'workers_endpoint_key')) throw error;
    throw new EndpointTakenError(`Another worker is registered at ${worker.endpoint}.`);
  }
}

/** Makes or locks the worker's row, and judges the former lease only then: two that register under one id must see each other. */
async function lockWorker(
  tx: PoolClient,
  worker: WorkerRegistration,
  timing: Pick<ClusterTiming, 'takeoverGraceMs'>,
): Promise<void> {
  const values = [
    worker.workerId,
    worker.endpoint,
    worker.network,
    worker.maxSessions,
    worker.revision,
    worker.description ?? null,
    worker.tokenHash,
  ];
  await tx.query(
    `INSERT INTO workers (id, endpoint, network, max_sessions, revision, description, token_hash)
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING`,
    values,
  );
  await tx.query('SELECT 1 FROM workers WHERE id = $1 FOR UPDATE', [worker.workerId]);
  const held = await tx.query(
    `SELECT 1 FROM workers w JOIN worker_leases l ON l.worker_id = w.id
     WHERE w.id = $1 AND w.endpoint <> $2 AND NOT ${leaseIsOver('l', timing)}`,
    [worker.workerId, worker.endpoint],
  );
  if (held.rowCount)
    throw new LeaseHeldError(`The lease of ${worker.workerId} is held by a process at another endpoint.`);
  await tx.query(
    `UPDATE workers SET endpoint = $2, network = $3, max_sessions = $4, revision = $5,
       description = coalesce($6, description), token_hash = $7, updated_at = now()
     WHERE id = $1`,
    values,
  );
}

/**
 * Moves the former life's placements into the new one; what does not fit any more (capacity or network changed) becomes unassigned. The
 * rows are locked in the order in which fenced batches lock them, so that a last batch of the former life cannot deadlock with this.
 */
async function takeFormerPlacements(tx: PoolClient, worker: WorkerRegistration, incarnation: number): Promise<void> {
  const former = [worker.workerId, incarnation];
  await tx.query(
    `SELECT 1 FROM session_placements WHERE worker_id = $1 AND incarnation < $2 ORDER BY session_id FOR UPDATE`,
    former,
  );
  await tx.query(
    `WITH ranked AS (
       SELECT p.session_id, s.network = $3 AND row_number() OVER (ORDER BY s.network <> $3, ${BY_PRIORITY}) <= $4 AS fits
       FROM session_placements p JOIN sessions s ON s.id = p.session_id JOIN users u ON u.id = s.user_id
       WHERE p.worker_id = $1 AND p.incarnation < $2
     )
     UPDATE session_placements p SET epoch = epoch + 1, changed_at = now(),
       state = CASE WHEN fits THEN 'ASSIGNED' ELSE 'UNASSIGNED' END::"PlacementState",
       worker_id = CASE WHEN fits THEN $1 END,
       incarnation = CASE WHEN fits THEN $2 END,
       reason = CASE WHEN fits THEN 'worker restarted' ELSE 'worker has no room' END
     FROM ranked r WHERE r.session_id = p.session_id`,
    [...former, worker.network, worker.maxSessions],
  );
}

const RENEW = {
  name: 'renew-lease',
  text: `UPDATE worker_leases SET expires_at = now() + $3 * interval '1 ms', renewed_at = now(), cpu_usage = $4,
      memory_usage = $5, event_loop_delay_ms = $6, ${REVIVAL}
    WHERE worker_id = $1 AND incarnation = $2 AND ended_at IS NULL`,
};

/**
 * Renews the lease of one process life. `false`: it was ended, or a newer incarnation has registered; this process must stop everything. An
 * ended lease never comes back, because its sessions may be elsewhere already; one that only expired does, with whatever is still its own.
 */
export async function renewLease(
  db: Queryable,
  lease: Incarnation & { ttlMs: number },
  load: LoadGauges,
): Promise<boolean> {
  const values = [
    lease.workerId,
    lease.incarnation,
    lease.ttlMs,
    load.cpuUsage,
    load.memoryUsage,
    load.eventLoopDelayMs,
  ];
  const { rowCount } = await db.query({ ...RENEW, values });
  return rowCount === 1;
}

/** The process will end soon: nothing new is placed on it from now on. `false`: the lease is not its own any more. */
export async function beginDraining(db: Queryable, { workerId, incarnation }: Incarnation): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE worker_leases SET runtime_state = 'DRAINING' WHERE worker_id = $1 AND incarnation = $2 AND ended_at IS NULL`,
    [workerId, incarnation],
  );
  return rowCount === 1;
}

/**
 * Ends the lease of one process life at once: a goodbye, or evidence of its death. What it still hosts may be taken over. `true` when this
 * call ended it; `false` when it was over by another's word, or a newer incarnation lives.
 */
export async function endLease(
  db: Queryable,
  { workerId, incarnation }: Incarnation,
  reason: string,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE worker_leases SET ended_at = now(), ended_reason = $3
     WHERE worker_id = $1 AND incarnation = $2 AND ended_at IS NULL`,
    [workerId, incarnation, reason],
  );
  return rowCount === 1;
}
