import { isUniqueViolation, type Network, type PoolClient } from '@wa-gate/db';
import { assign, type PlaceOptions } from './assign.ts';
import { lockCandidates } from './candidates.ts';
import { distribute } from './distribute.ts';
import { leaseIsOver } from './lease-states.ts';
import type { Assignment } from './placements.ts';
import { LEAST_URGENT } from './priority.ts';
import { EndpointTakenError } from './registration.ts';
import type { ClusterTiming } from './timing.ts';

/** A worker that an administrator expects. */
export interface ExpectedWorker {
  workerId: string;
  /** The id is not final: the worker that registers at this endpoint replaces it by its own. */
  hasProvisionalId: boolean;
  endpoint: string;
  network: Network;
  /** The maximum of sessions, which overrides that of the registration. `null`: that of the registration. */
  maxSessions: number | null;
  description: string | null;
}

/** A worker with this id exists. */
export class WorkerExistsError extends Error {
  override name = 'WorkerExistsError';
}

/** The worker still has sessions. */
export class WorkerNotEmptyError extends Error {
  override name = 'WorkerNotEmptyError';
  readonly sessions: number;
  constructor(sessions: number) {
    super(`${sessions} sessions are still with the worker.`);
    this.sessions = sessions;
  }
}

/** The worker has more sessions than its new maximum, and no other worker has room for the rest. */
export class NoRoomElsewhereError extends Error {
  override name = 'NoRoomElsewhereError';
  readonly sessions: number;
  constructor(sessions: number) {
    super(`${sessions} sessions find no other worker.`);
    this.sessions = sessions;
  }
}

/**
 * Adds an entry for a worker that has not registered. It may register from now on, also when it was removed before.
 *
 * @throws {WorkerExistsError}
 * @throws {EndpointTakenError}
 */
export async function expectWorker(tx: PoolClient, worker: ExpectedWorker, defaultMaxSessions: number): Promise<void> {
  try {
    await tx.query(
      `INSERT INTO workers (id, has_provisional_id, endpoint, network, max_sessions_set, description, max_sessions)
       VALUES ($1, $2, $3, $4, $5::int, $6, coalesce($5::int, $7))`,
      [
        worker.workerId,
        worker.hasProvisionalId,
        worker.endpoint,
        worker.network,
        worker.maxSessions,
        worker.description,
        defaultMaxSessions,
      ],
    );
  } catch (error) {
    if (isUniqueViolation(error, 'workers_pkey')) throw new WorkerExistsError(worker.workerId);
    if (isUniqueViolation(error, 'workers_endpoint_key')) throw new EndpointTakenError(worker.endpoint);
    throw error;
  }
  await tx.query('UPDATE removed_workers SET is_barred = false WHERE worker_id = $1', [worker.workerId]);
}

/**
 * Sets the maximum of sessions of a worker. The surplus moves to other workers in the same transaction, the least
 * urgent sessions first (I9). The next write of the former owner is refused (I2).
 *
 * @throws {NoRoomElsewhereError}
 */
export async function setCapacity(
  tx: PoolClient,
  workerId: string,
  maxSessions: number,
  { strategy, timing }: Pick<PlaceOptions, 'strategy' | 'timing'>,
): Promise<Assignment[]> {
  const candidates = await lockCandidates(tx, timing);
  await tx.query('SELECT 1 FROM workers WHERE id = $1 FOR UPDATE', [workerId]);
  const { rows: sessions } = await tx.query<{ sessionId: string; epoch: number; from: string; network: Network }>(
    `WITH surplus AS (
       SELECT p.session_id FROM session_placements p JOIN sessions s ON s.id = p.session_id JOIN users u ON u.id = s.user_id
       WHERE p.worker_id = $1 ORDER BY ${LEAST_URGENT}
       LIMIT greatest((SELECT count(*) FROM session_placements WHERE worker_id = $1) - $2, 0)
     )
     SELECT p.session_id AS "sessionId", p.epoch, p.worker_id AS "from", s.network
     FROM session_placements p JOIN sessions s ON s.id = p.session_id
     WHERE p.session_id IN (SELECT session_id FROM surplus) ORDER BY p.session_id FOR NO KEY UPDATE OF p`,
    [workerId, maxSessions],
  );
  const assignments: Assignment[] = [];
  const [first] = sessions;
  if (first) {
    const others = candidates.filter((candidate) => candidate.workerId !== workerId);
    const changes = distribute(sessions, others, first.network, strategy);
    if (changes.length < sessions.length) throw new NoRoomElsewhereError(sessions.length - changes.length);
    assignments.push(...(await assign(tx, changes)));
  }
  await tx.query('UPDATE workers SET max_sessions = $2, max_sessions_set = $2, updated_at = now() WHERE id = $1', [
    workerId,
    maxSessions,
  ]);
  return assignments;
}

/** A removed worker. */
export interface RemovedWorker {
  endpoint: string;
  /** Whether it held its lease. */
  wasRunning: boolean;
  /** Sessions that should run and have no worker now. */
  sessionIds: string[];
}

/**
 * Removes a worker with its lease and its metrics. A process that still runs cannot renew (0 rows), stops everything,
 * and may not register again until an administrator adds it. `null`: there is no such worker.
 *
 * @throws {WorkerNotEmptyError} when it has sessions and is not forced; a forced removal leaves them without a worker
 * (epoch + 1, I1)
 */
export async function removeWorker(
  tx: PoolClient,
  workerId: string,
  { force, timing }: { force: boolean; timing: ClusterTiming },
): Promise<RemovedWorker | null> {
  const { rows: workers } = await tx.query<{ endpoint: string }>(
    'SELECT endpoint FROM workers WHERE id = $1 FOR UPDATE',
    [workerId],
  );
  const [worker] = workers;
  if (!worker) return null;
  const { rows: leases } = await tx.query<{ incarnation: number; isOver: boolean }>(
    `SELECT l.incarnation, ${leaseIsOver('l', timing)} AS "isOver" FROM worker_leases l WHERE l.worker_id = $1 FOR UPDATE`,
    [workerId],
  );
  const { rows: placements } = await tx.query<{ sessionId: string; shouldRun: boolean }>(
    `SELECT p.session_id AS "sessionId", s.desired_state = 'RUNNING' AS "shouldRun"
     FROM session_placements p JOIN sessions s ON s.id = p.session_id
     WHERE p.worker_id = $1 ORDER BY p.session_id FOR NO KEY UPDATE OF p`,
    [workerId],
  );
  const running = placements.filter(({ shouldRun }) => shouldRun);
  if (running.length && !force) throw new WorkerNotEmptyError(running.length);
  await tx.query(
    `UPDATE session_placements SET epoch = epoch + 1, state = 'UNASSIGNED', worker_id = NULL, incarnation = NULL,
       reason = 'worker removed', changed_at = now()
     WHERE worker_id = $1`,
    [workerId],
  );
  const [lease] = leases;
  if (lease) {
    await tx.query(
      `INSERT INTO removed_workers (worker_id, incarnation, is_barred) VALUES ($1, $2, $3)
       ON CONFLICT (worker_id) DO UPDATE SET incarnation = excluded.incarnation, is_barred = excluded.is_barred, removed_at = now()`,
      [workerId, lease.incarnation, !lease.isOver],
    );
  }
  await tx.query('DELETE FROM workers WHERE id = $1', [workerId]);
  return {
    endpoint: worker.endpoint,
    wasRunning: lease !== undefined && !lease.isOver,
    sessionIds: running.map(({ sessionId }) => sessionId),
  };
}
