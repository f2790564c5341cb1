import { inTransaction, type Network, type Pool, type Queryable } from '@wa-gate/db';
import { assign, type PlaceOptions } from './assign.ts';
import { lockCandidates } from './candidates.ts';
import { chooseWorker } from './distribute.ts';
import { type Ownership, StaleEpochError } from './fence.ts';
import type { Assignment } from './placements.ts';

/**
 * The owner gives a session away, when nothing of it runs here any more: one placement change, straight to the best other worker (I1). `null`:
 * no other has room, and the placement is as it was.
 *
 * @throws {StaleEpochError} when the owner is not the owner any more
 */
export async function handOver(
  pool: Pool,
  owner: Ownership,
  { strategy, timing }: Pick<PlaceOptions, 'strategy' | 'timing'>,
): Promise<Assignment | null> {
  return inTransaction(pool, async (tx) => {
    const here = await tx.query<{ network: Network; workerId: string }>(
      `SELECT s.network, p.worker_id AS "workerId" FROM session_placements p JOIN sessions s ON s.id = p.session_id
       WHERE p.session_id = $1 AND p.epoch = $2 AND p.state <> 'UNASSIGNED'`,
      [owner.sessionId, owner.epoch],
    );
    const [place] = here.rows;
    if (!place) throw new StaleEpochError([owner.sessionId]);
    const candidates = await lockCandidates(tx, timing, { network: place.network, except: place.workerId });
    const worker = chooseWorker(candidates, place.network, strategy);
    if (!worker) return null;
    const locked = await tx.query(
      'SELECT 1 FROM session_placements WHERE session_id = $1 AND epoch = $2 FOR NO KEY UPDATE',
      [owner.sessionId, owner.epoch],
    );
    if (!locked.rowCount) throw new StaleEpochError([owner.sessionId]);
    const session = { ...owner, from: place.workerId };
    const [assignment] = await assign(tx, [{ session, worker }], 'handover');
    return assignment!;
  });
}

/** Nobody else had room: the session stays where it is, same owner, same epoch. `false`: it was not being released by this owner. */
export async function keepSession(db: Queryable, owner: Ownership): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE session_placements SET state = 'ASSIGNED', reason = 'kept', changed_at = now()
     WHERE session_id = $1 AND epoch = $2 AND state = 'RELEASING'`,
    [owner.sessionId, owner.epoch],
  );
  return rowCount === 1;
}

/** Why sessions are asked to move. */
export type ReleaseReason = 'drain' | 'rebalance';

/** A session whose owner was asked to hand it over. */
export interface Released {
  sessionId: string;
  workerId: string;
}

/**
 * Asks the owners of these sessions to hand them over; owner and epoch stay. Returns the ones that were asked now.
 */
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
