import type { Network, Queryable, WorkerAdminState, WorkerRuntimeState } from '@wa-gate/db';

export interface WorkerView {
  workerId: string;
  endpoint: string;
  network: Network;
  maxSessions: number;
  adminState: WorkerAdminState;
  runtimeState: WorkerRuntimeState | null;
  revision: string;
  description: string | null;
  /** `null`: it has never registered. */
  incarnation: number | null;
  online: boolean;
  sessionCount: number;
  cpuUsage: number;
  memoryUsage: number;
  renewedAt: Date | null;
}

/** All workers, or one of them, with their lease and the exact number of their sessions. */
export async function listWorkers(db: Queryable, workerId: string | null = null): Promise<WorkerView[]> {
  const { rows } = await db.query<WorkerView>(
    `SELECT w.id AS "workerId", w.endpoint, w.network, w.max_sessions AS "maxSessions", w.admin_state AS "adminState",
       l.runtime_state AS "runtimeState", w.revision, w.description, l.incarnation,
       coalesce(l.ended_at IS NULL AND l.expires_at > now(), false) AS online,
       (SELECT count(*) FROM session_placements p WHERE p.worker_id = w.id) AS "sessionCount",
       coalesce(l.cpu_usage, 0) AS "cpuUsage", coalesce(l.memory_usage, 0) AS "memoryUsage", l.renewed_at AS "renewedAt"
     FROM workers w LEFT JOIN worker_leases l ON l.worker_id = w.id
     WHERE $1::text IS NULL OR w.id = $1
     ORDER BY w.id`,
    [workerId],
  );
  return rows;
}

/** A process that may be alive, with its endpoint. */
export interface LeasedWorker {
  workerId: string;
  endpoint: string;
  incarnation: number;
}

/**
 * Workers that get a control stream: those whose lease is valid, or has expired without an end and still has sessions.
 * Evidence about the latter frees their sessions at once, while the storm brake may hold back an expiry.
 */
export async function workersWithLease(db: Queryable): Promise<LeasedWorker[]> {
  const { rows } = await db.query<LeasedWorker>(
    `SELECT w.id AS "workerId", w.endpoint, l.incarnation
     FROM workers w JOIN worker_leases l ON l.worker_id = w.id
     WHERE l.ended_at IS NULL
       AND (l.expires_at > now() OR EXISTS (SELECT 1 FROM session_placements p WHERE p.worker_id = w.id))
     ORDER BY w.id`,
  );
  return rows;
}

/**
 * Sets the admin state of a worker. Returns the old and the new one; `null`: there is no such worker.
 *
 * @param onlyFrom changes only this state
 */
export async function setWorkerAdminState(
  db: Queryable,
  workerId: string,
  state: WorkerAdminState,
  onlyFrom: WorkerAdminState | null = null,
): Promise<{ before: WorkerAdminState; after: WorkerAdminState } | null> {
  const { rows } = await db.query<{ before: WorkerAdminState; after: WorkerAdminState }>(
    `UPDATE workers w SET updated_at = now(),
       admin_state = CASE WHEN $3::"WorkerAdminState" IS NULL OR f.admin_state = $3 THEN $2 ELSE f.admin_state END
     FROM (SELECT id, admin_state FROM workers WHERE id = $1 FOR UPDATE) AS f
     WHERE w.id = f.id RETURNING f.admin_state AS before, w.admin_state AS after`,
    [workerId, state, onlyFrom],
  );
  return rows[0] ?? null;
}
