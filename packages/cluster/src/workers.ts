import {
  inTransaction,
  type Network,
  type Pool,
  type Queryable,
  type WorkerAdminState,
  type WorkerRuntimeState,
} from '@wa-gate/db';

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

export interface WorkerView {
  workerId: string;
  endpoint: string;
  network: Network;
  maxSessions: number;
  adminState: WorkerAdminState;
  runtimeState: WorkerRuntimeState | null;
  revision: string;
  description: string | null;
  incarnation: number | null;
  online: boolean;
  sessionCount: number;
  cpuUsage: number;
  memoryUsage: number;
  renewedAt: Date | null;
}

/** Another worker is registered under this endpoint. */
export class EndpointTakenError extends Error {
  override name = 'EndpointTakenError';
}

/**
 * Registers a process life: upserts the worker, starts incarnation + 1 with a fresh lease, and hands the placements of its former
 * life to it (epoch + 1 each, I1). A worker that restarts therefore finds its sessions again.
 *
 * @throws {EndpointTakenError}
 */
export async function registerWorker(
  pool: Pool,
  worker: WorkerRegistration,
  leaseTtlMs: number,
): Promise<{ incarnation: number }> {
  return inTransaction(pool, async (tx) => {
    const taken = await tx.query('SELECT 1 FROM workers WHERE endpoint = $1 AND id <> $2', [
      worker.endpoint,
      worker.workerId,
    ]);
    if (taken.rowCount) throw new EndpointTakenError(`Another worker is registered at ${worker.endpoint}.`);
    await tx.query(
      `INSERT INTO workers (id, endpoint, network, max_sessions, revision, description, token_hash)
       VALUES ($1, $2, $3, $4, $5, $6, $7)
       ON CONFLICT (id) DO UPDATE SET endpoint = excluded.endpoint, network = excluded.network,
         max_sessions = excluded.max_sessions, revision = excluded.revision,
         description = coalesce(excluded.description, workers.description), token_hash = excluded.token_hash, updated_at = now()`,
      [
        worker.workerId,
        worker.endpoint,
        worker.network,
        worker.maxSessions,
        worker.revision,
        worker.description ?? null,
        worker.tokenHash,
      ],
    );
    const lease = await tx.query<{ incarnation: number }>(
      `INSERT INTO worker_leases (worker_id, incarnation, expires_at)
       VALUES ($1, 1, now() + $2 * interval '1 ms')
       ON CONFLICT (worker_id) DO UPDATE SET incarnation = worker_leases.incarnation + 1, expires_at = excluded.expires_at,
         runtime_state = 'READY', started_at = now(), renewed_at = now()
       RETURNING incarnation`,
      [worker.workerId, leaseTtlMs],
    );
    const { incarnation } = lease.rows[0]!;
    await tx.query(
      `UPDATE session_placements SET epoch = epoch + 1, incarnation = $2, state = 'ASSIGNED', reason = 'worker restarted',
         changed_at = now()
       WHERE worker_id = $1 AND incarnation < $2`,
      [worker.workerId, incarnation],
    );
    return { incarnation };
  });
}

const RENEW = {
  name: 'renew-lease',
  text: `UPDATE worker_leases SET expires_at = now() + $3 * interval '1 ms', renewed_at = now(), cpu_usage = $4,
      memory_usage = $5, event_loop_delay_ms = $6
    WHERE worker_id = $1 AND incarnation = $2`,
};

/** Renews the lease of one process life. `false`: a newer incarnation has registered, this process must stop everything. */
export async function renewLease(
  db: Queryable,
  lease: { workerId: string; incarnation: number; ttlMs: number },
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

/** An orderly goodbye: the lease ends now. Placements stay with the worker; it finds them when it comes back. */
export async function endLease(db: Queryable, lease: { workerId: string; incarnation: number }): Promise<void> {
  await db.query('UPDATE worker_leases SET expires_at = now() WHERE worker_id = $1 AND incarnation = $2', [
    lease.workerId,
    lease.incarnation,
  ]);
}

/** All workers with their lease and the exact number of their sessions. */
export async function listWorkers(db: Queryable): Promise<WorkerView[]> {
  const { rows } = await db.query<WorkerView>(
    `SELECT w.id AS "workerId", w.endpoint, w.network, w.max_sessions AS "maxSessions", w.admin_state AS "adminState",
       l.runtime_state AS "runtimeState", w.revision, w.description, l.incarnation, coalesce(l.expires_at > now(), false) AS online,
       (SELECT count(*) FROM session_placements p WHERE p.worker_id = w.id) AS "sessionCount",
       coalesce(l.cpu_usage, 0) AS "cpuUsage", coalesce(l.memory_usage, 0) AS "memoryUsage", l.renewed_at AS "renewedAt"
     FROM workers w LEFT JOIN worker_leases l ON l.worker_id = w.id
     ORDER BY w.id`,
  );
  return rows;
}
