import { inTransaction, type Network, type Pool, type PoolClient, type Queryable } from '@wa-gate/db';
import { assign, type PlaceOptions } from './assign.ts';
import { lockCandidates } from './candidates.ts';
import { distribute } from './distribute.ts';
import type { Ownership } from './fence.ts';
import type { Assignment } from './placements.ts';

/**
 * The new owners of handed-over sessions. `null`: no other worker has room. Absent: the caller does not own the session
 * any more.
 */
export type HandedOver = Map<string, Assignment | null>;

interface Owned extends Ownership {
  network: Network;
  from: string;
}

/**
 * Hands sessions over, after the owner has stopped them: one placement change each, directly to the best other worker
 * (I1). All in one transaction, because parallel ones would wait for the same locks while their sessions have no
 * connection.
 */
export function handOverMany(
  pool: Pool,
  owners: readonly Ownership[],
  { strategy, timing }: Pick<PlaceOptions, 'strategy' | 'timing'>,
): Promise<HandedOver> {
  return inTransaction(pool, async (tx) => {
    // Nothing to hand over: takes no locks.
    if ((await findOwned(tx, owners)).length === 0) return new Map();
    const candidates = await lockCandidates(tx, timing);
    const owned = await findOwned(tx, owners, 'ORDER BY p.session_id FOR NO KEY UPDATE OF p');
    const result: HandedOver = new Map(owned.map(({ sessionId }) => [sessionId, null]));
    const networks = new Set(owned.map(({ network }) => network));
    for (const network of networks) {
      const sessions = owned.filter((session) => session.network === network);
      const others = candidates.filter(({ workerId }) => sessions.every(({ from }) => from !== workerId));
      const changes = distribute(sessions, others, network, strategy);
      for (const assignment of await assign(tx, changes, 'handover')) result.set(assignment.sessionId, assignment);
    }
    return result;
  });
}

async function findOwned(tx: PoolClient, owners: readonly Ownership[], locking = ''): Promise<Owned[]> {
  const { rows } = await tx.query<Owned>(
    `SELECT p.session_id AS "sessionId", p.epoch, s.network, p.worker_id AS "from"
     FROM session_placements p JOIN sessions s ON s.id = p.session_id
     JOIN unnest($1::uuid[], $2::bigint[]) AS o(session_id, epoch) ON p.session_id = o.session_id AND p.epoch = o.epoch
     WHERE p.state <> 'UNASSIGNED' ${locking}`,
    [owners.map(({ sessionId }) => sessionId), owners.map(({ epoch }) => epoch)],
  );
  return rows;
}

/**
 * Cancels the release of a session for which no other worker had room: same owner, same epoch. `false`: it was not
 * being released by this owner.
 */
export async function keepSession(db: Queryable, owner: Ownership): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE session_placements SET state = 'ASSIGNED', reason = 'kept', changed_at = now()
     WHERE session_id = $1 AND epoch = $2 AND state = 'RELEASING'`,
    [owner.sessionId, owner.epoch],
  );
  return rowCount === 1;
}

/** The reason of a release. */
export type ReleaseReason = 'drain' | 'rebalance';

/** A session that its owner has to hand over. */
export interface Released {
  sessionId: string;
  workerId: string;
}

/** Marks these sessions for a handover by their owners; owner and epoch stay. Returns those that were marked now. */
export async function beginRelease(
  db: Queryable,
  sessionIds: readonly string[],
  reason: ReleaseReason,
): Promise<Released[]> {
  const { rows } = await db.query<Released>(
    `WITH locked AS MATERIALIZED (
       SELECT session_id FROM session_placements WHERE session_id = ANY($1::uuid[]) AND state = 'ASSIGNED'
       ORDER BY session_id FOR NO KEY UPDATE
     )
     UPDATE session_placements p SET state = 'RELEASING', reason = $2, changed_at = now()
     FROM locked WHERE p.session_id = locked.session_id AND p.state = 'ASSIGNED'
     RETURNING p.session_id AS "sessionId", p.worker_id AS "workerId"`,
    [sessionIds, reason],
  );
  return rows;
}
