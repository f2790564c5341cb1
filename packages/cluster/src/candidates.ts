import type { Network, PoolClient } from '@wa-gate/db';
import { leaseStates } from './lease-states.ts';
import type { WorkerLoad } from './scoring.ts';
import type { ClusterTiming } from './timing.ts';

/** A worker that may get sessions now, with exact counts. Its row is locked until the transaction ends. */
export interface Candidate extends WorkerLoad {
  workerId: string;
  incarnation: number;
  network: Network;
  /** Sessions that it can still get; below 0 when it has too many. */
  room: number;
  /** The sessions that it got within the last `reconcileEveryMs` / 2, its own former ones included. */
  gotLately: number;
  /** When it last got a session, in milliseconds since 1970; 0: never. For `round-robin`. */
  lastPlacedAt: number;
}

interface CandidateRow extends Omit<Candidate, 'isNewest' | 'room'> {
  revision: string;
  /** When the first living worker of this revision started. */
  revisionSince: number;
}

/** Milliseconds over which {@link Candidate.gotLately} counts. */
export const paceWindowMs = ({ reconcileEveryMs }: Pick<ClusterTiming, 'reconcileEveryMs'>): number =>
  reconcileEveryMs / 2;

/** The condition for new sessions: active, not shutting down, and renewed lately. */
const MAY_RECEIVE = `w.admin_state = 'ACTIVE' AND l.runtime_state = 'READY' AND l.is_heard`;

/**
 * Locks all workers that may receive sessions, in the order of their ids, and then reads their loads. Every transaction
 * that places sessions takes this lock before it touches a placement. So capacities hold (I9), and no deadlock arises.
 * The counts come from a second statement, because a statement that waits for locks sees the table from before they
 * were granted.
 */
export async function lockCandidates(tx: PoolClient, timing: ClusterTiming): Promise<Candidate[]> {
  const locked = await tx.query<{ id: string }>(
    `WITH ${leaseStates(timing)}
     SELECT w.id FROM workers w JOIN leases l ON l.worker_id = w.id
     WHERE ${MAY_RECEIVE} ORDER BY w.id FOR NO KEY UPDATE OF w`,
  );
  if (!locked.rows.length) return [];
  const { rows } = await tx.query<CandidateRow>(
    `WITH ${leaseStates(timing)}
     SELECT w.id AS "workerId", l.incarnation, w.network, w.revision, w.max_sessions AS capacity,
       CASE WHEN l.is_young THEN 0 ELSE l.cpu_usage END AS "cpuUsage", l.memory_usage AS "memoryUsage",
       CASE WHEN l.is_young THEN 0 ELSE l.event_loop_delay_ms END AS "eventLoopDelayMs",
       load.assigned, load."gotLately", load."lastPlacedAt",
       extract(epoch FROM min(l.started_at) OVER (PARTITION BY w.network, w.revision))::float8 AS "revisionSince"
     FROM workers w JOIN leases l ON l.worker_id = w.id
     CROSS JOIN LATERAL (
       SELECT count(*) AS assigned,
         count(*) FILTER (WHERE p.changed_at > now() - ${paceWindowMs(timing)} * interval '1 ms') AS "gotLately",
         coalesce(extract(epoch FROM max(p.changed_at)) * 1000, 0)::float8 AS "lastPlacedAt"
       FROM session_placements p WHERE p.worker_id = w.id
     ) AS load
     WHERE w.id = ANY($1::text[]) AND ${MAY_RECEIVE}
     ORDER BY w.id`,
    [locked.rows.map(({ id }) => id)],
  );
  return rows.map(({ revision, revisionSince, ...row }) => ({
    ...row,
    room: row.capacity - row.assigned,
    isNewest: !rows.some(
      (other) => other.network === row.network && other.revision !== revision && other.revisionSince > revisionSince,
    ),
  }));
}
