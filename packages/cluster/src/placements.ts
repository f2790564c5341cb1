import type { Queryable } from '@wa-gate/db';
import type { Ownership } from './fence.ts';
import { BY_PRIORITY } from './priority.ts';

/** The reason of a placement. */
export type AssignmentReason = 'placed' | 'takeover' | 'handover';

/** One placement change: the session belongs to that worker from this epoch on. */
export interface Assignment extends Ownership {
  workerId: string;
  /** The former worker. */
  from: string | null;
  reason: AssignmentReason;
}

/** A session that its worker hosts. */
export interface Placement extends Ownership {
  /** `RELEASING`: the worker has to hand it over. */
  state: 'ASSIGNED' | 'RELEASING';
  /** The reason of its placement or release. */
  reason: string;
}

/** Adds the placement row of a new session, unassigned, epoch 0. Call in the transaction that inserts the session. */
export async function createPlacement(tx: Queryable, sessionId: string): Promise<void> {
  await tx.query('INSERT INTO session_placements (session_id) VALUES ($1)', [sessionId]);
}

/**
 * Takes a session from its present worker (epoch + 1). Waits for a fenced write in progress; later ones are refused.
 */
export async function releaseSession(db: Queryable, sessionId: string, reason: string): Promise<void> {
  await db.query(
    `UPDATE session_placements SET epoch = epoch + 1, state = 'UNASSIGNED', worker_id = NULL, incarnation = NULL, reason = $2,
       changed_at = now()
     WHERE session_id = $1 AND state <> 'UNASSIGNED'`,
    [sessionId, reason],
  );
}

const MY_PLACEMENTS = {
  name: 'my-placements',
  text: `SELECT p.session_id AS "sessionId", p.epoch, p.state, p.reason
    FROM session_placements p JOIN sessions s ON s.id = p.session_id JOIN users u ON u.id = s.user_id
    WHERE p.worker_id = $1 AND p.incarnation = $2 AND p.state <> 'UNASSIGNED' AND s.desired_state = 'RUNNING'
    ORDER BY ${BY_PRIORITY}`,
};

/** The placements of one incarnation, in the order of the starts. The converge loop reads them. */
export async function myPlacements(db: Queryable, workerId: string, incarnation: number): Promise<Placement[]> {
  const { rows } = await db.query<Placement>({ ...MY_PLACEMENTS, values: [workerId, incarnation] });
  return rows;
}
