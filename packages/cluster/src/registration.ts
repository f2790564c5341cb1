import {
  inTransaction,
  isUniqueViolation,
  type Network,
  type Pool,
  type PoolClient,
  type WorkerAdminState,
} from '@wa-gate/db';
import { leaseIsOver } from './lease-states.ts';
import { REVIVAL } from './leases.ts';
import { BY_PRIORITY } from './priority.ts';
import type { ClusterTiming } from './timing.ts';

export interface WorkerRegistration {
  workerId: string;
  /** Base URL under which gateways reach the worker. */
  endpoint: string;
  network: Network;
  maxSessions: number;
  /** Version of the software: placement prefers the newest during a rollout. */
  revision: string;
  description?: string | undefined;
  /** SHA-256 of the worker's own token. */
  tokenHash: Buffer;
}

/** The lease of the process life before. */
export interface FormerLife {
  incarnation: number;
  /** Its lease had no end: the process died unnoticed, or it lost its lease and registers again. */
  hasEnded: boolean;
  /** Seconds from its registration to its last renewal. */
  livedSeconds: number;
  /** Seconds since its last renewal. */
  silentSeconds: number;
}

/** Another worker is registered under this endpoint. */
export class EndpointTakenError extends Error {
  override name = 'EndpointTakenError';
}

/** Another process holds the lease of this worker id, at another endpoint. Its lease must end or expire first. */
export class LeaseHeldError extends Error {
  override name = 'LeaseHeldError';
}

/** An administrator has removed this worker while it ran: it may not register by itself. */
export class WorkerRemovedError extends Error {
  override name = 'WorkerRemovedError';
}

/**
 * Registers an incarnation: incarnation + 1 with a fresh lease. It takes over the placements of the former one (epoch +
 * 1 each, I1), so that a restarted worker keeps its sessions. A registration from the same endpoint ends the former
 * lease at once, because an address belongs to one process. From another endpoint it is refused until the former lease
 * has ended.
 *
 * The incarnations of a removed worker continue: one of its former processes must not find its own number in a later
 * lease.
 *
 * @param also runs in the same transaction
 * @throws {EndpointTakenError}
 * @throws {LeaseHeldError}
 * @throws {WorkerRemovedError}
 */
export async function registerWorker(
  pool: Pool,
  worker: WorkerRegistration,
  timing: Pick<ClusterTiming, 'leaseTtlMs' | 'takeoverGraceMs'>,
  also?: (tx: PoolClient, incarnation: number) => Promise<void>,
): Promise<{ incarnation: number; former: FormerLife | undefined }> {
  try {
    return await inTransaction(pool, async (tx) => {
      const maxSessions = await lockWorker(tx, worker, timing);
      const former = await formerLife(tx, worker.workerId);
      const lease = await tx.query<{ incarnation: number }>(
        `INSERT INTO worker_leases (worker_id, incarnation, expires_at)
         VALUES ($1, coalesce((SELECT incarnation FROM removed_workers WHERE worker_id = $1), 0) + 1, now() + $2 * interval '1 ms')
         ON CONFLICT (worker_id) DO UPDATE SET incarnation = worker_leases.incarnation + 1, expires_at = excluded.expires_at,
           runtime_state = 'READY', started_at = now(), renewed_at = now(), ended_at = NULL, ended_reason = NULL, ${REVIVAL}
         RETURNING incarnation`,
        [worker.workerId, timing.leaseTtlMs],
      );
      const { incarnation } = lease.rows[0]!;
      await takeFormerPlacements(tx, { ...worker, maxSessions }, incarnation);
      await also?.(tx, incarnation);
      return { incarnation, former };
    });
  } catch (error) {
    if (!isUniqueViolation(error, 'workers_endpoint_key')) throw error;
    throw new EndpointTakenError(`Another worker is registered at ${worker.endpoint}.`);
  }
}

async function formerLife(tx: PoolClient, workerId: string): Promise<FormerLife | undefined> {
  const { rows } = await tx.query<FormerLife>(
    `SELECT incarnation, ended_at IS NOT NULL AS "hasEnded",
       extract(epoch FROM renewed_at - started_at)::float8 AS "livedSeconds",
       greatest(0, extract(epoch FROM now() - renewed_at))::float8 AS "silentSeconds"
     FROM worker_leases WHERE worker_id = $1 FOR UPDATE`,
    [workerId],
  );
  return rows[0];
}

/**
 * Inserts or locks the row of the worker, and checks the former lease only then, so that concurrent registrations under
 * one id see each other. Returns its maximum of sessions; the number set by an administrator wins.
 */
async function lockWorker(
  tx: PoolClient,
  worker: WorkerRegistration,
  timing: Pick<ClusterTiming, 'takeoverGraceMs'>,
): Promise<number> {
  const entry = await takeEntry(tx, worker);
  const values = [
    worker.workerId,
    worker.endpoint,
    worker.network,
    worker.maxSessions,
    worker.revision,
    worker.description ?? entry?.description ?? null,
    worker.tokenHash,
  ];
  let isLocked = false;
  // The row was removed during the wait: insert it again, or refuse below.
  while (!isLocked) {
    await tx.query(
      `INSERT INTO workers (id, endpoint, network, max_sessions, revision, description, token_hash)
       VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING`,
      values,
    );
    const { rowCount } = await tx.query('SELECT 1 FROM workers WHERE id = $1 FOR UPDATE', [worker.workerId]);
    isLocked = rowCount === 1;
  }
  await assertMayJoin(tx, worker.workerId, entry !== undefined);
  const held = await tx.query(
    `SELECT 1 FROM workers w JOIN worker_leases l ON l.worker_id = w.id
     WHERE w.id = $1 AND w.endpoint <> $2 AND NOT ${leaseIsOver('l', timing)}`,
    [worker.workerId, worker.endpoint],
  );
  if (held.rowCount)
    throw new LeaseHeldError(`The lease of ${worker.workerId} is held by a process at another endpoint.`);
  const { rows } = await tx.query<{ maxSessions: number }>(
    `UPDATE workers SET endpoint = $2, network = $3, revision = $5, description = coalesce($6, description),
       max_sessions = coalesce($8, max_sessions_set, $4), max_sessions_set = coalesce($8, max_sessions_set),
       token_hash = $7, previous_token_hash = NULL, token_rotated_at = now(), has_provisional_id = false, updated_at = now(),
       admin_state = coalesce($9, admin_state)
     WHERE id = $1 RETURNING max_sessions AS "maxSessions"`,
    [...values, entry?.maxSessionsSet ?? null, entry?.adminState ?? null],
  );
  return rows[0]!.maxSessions;
}

interface Entry {
  maxSessionsSet: number | null;
  description: string | null;
  adminState: WorkerAdminState;
}

/** Takes over the entry that an administrator has added for this endpoint without an id. */
async function takeEntry(tx: PoolClient, { workerId, endpoint }: WorkerRegistration): Promise<Entry | undefined> {
  const { rows } = await tx.query<Entry>(
    `DELETE FROM workers WHERE endpoint = $1 AND has_provisional_id AND id <> $2
     RETURNING max_sessions_set AS "maxSessionsSet", description, admin_state AS "adminState"`,
    [endpoint, workerId],
  );
  return rows[0];
}

/** @throws {WorkerRemovedError} */
async function assertMayJoin(tx: PoolClient, workerId: string, isWanted: boolean): Promise<void> {
  if (isWanted) {
    await tx.query('UPDATE removed_workers SET is_barred = false WHERE worker_id = $1', [workerId]);
    return;
  }
  const { rowCount } = await tx.query('SELECT 1 FROM removed_workers WHERE worker_id = $1 AND is_barred', [workerId]);
  if (rowCount) throw new WorkerRemovedError(`${workerId} was removed by an administrator.`);
}

/**
 * Moves the placements of the former incarnation to the new one. Those that do not fit any more (capacity or network
 * changed) become unassigned. The rows are locked in the order of fenced batches, so that a last batch of the former
 * incarnation cannot deadlock with this.
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
