import { inTransaction, type Network, type Pool, type PoolClient, type Queryable } from '@wa-gate/db';
import { SCORE_SQL } from './scoring.ts';

/** A session that its worker should host. */
export interface Placement {
  sessionId: string;
  epoch: number;
}

export interface Assignment extends Placement {
  workerId: string;
}

/** How placement chooses among workers that have room. */
export type PlacementStrategy = 'least-loaded' | 'round-robin';

const ORDER: Record<PlacementStrategy, string> = {
  'least-loaded': `${SCORE_SQL}, w.id`,
  'round-robin': '(SELECT max(p.changed_at) FROM session_placements p WHERE p.worker_id = w.id) NULLS FIRST, w.id',
};

/** Two transactions may want the last place of the same worker; the loser looks again this often. */
const MAX_CANDIDATES = 5;

/** Adds the placement row of a new session, unassigned, epoch 0. Call in the transaction that inserts the session. */
export async function createPlacement(tx: Queryable, sessionId: string): Promise<void> {
  await tx.query('INSERT INTO session_placements (session_id) VALUES ($1)', [sessionId]);
}

/**
 * Assigns an unassigned session to the best worker of its network that has room; `null` when there is none now, or when
 * somebody else has placed it. The worker's row is locked before its sessions are counted, so that its capacity is never exceeded (I9): counting in the
 * statement that locks would use a snapshot from before the lock was granted.
 */
export async function placeSession(
  pool: Pool,
  session: { sessionId: string; network: Network },
  strategy: PlacementStrategy = 'least-loaded',
): Promise<Assignment | null> {
  return inTransaction(pool, async (tx) => {
    const full: string[] = [];
    for (let attempt = 0; attempt < MAX_CANDIDATES; attempt += 1) {
      const worker = await lockCandidate(tx, session.network, strategy, full);
      if (!worker) return null;
      if (await hasRoom(tx, worker.workerId)) return assign(tx, session.sessionId, worker);
      full.push(worker.workerId);
    }
    return null;
  });
}

interface Candidate {
  workerId: string;
  incarnation: number;
}

async function lockCandidate(
  tx: PoolClient,
  network: Network,
  strategy: PlacementStrategy,
  excluded: string[],
): Promise<Candidate | undefined> {
  const candidates = (locking: string) => `SELECT w.id AS "workerId", l.incarnation
    FROM workers w JOIN worker_leases l ON l.worker_id = w.id
    CROSS JOIN LATERAL (SELECT count(*) AS assigned FROM session_placements p WHERE p.worker_id = w.id) AS load
    WHERE w.network = $1 AND w.admin_state = 'ACTIVE' AND l.runtime_state = 'READY' AND l.expires_at > now()
      AND assigned < w.max_sessions AND w.id <> ALL($2::text[])
    ORDER BY ${ORDER[strategy]} LIMIT 1 FOR UPDATE OF w ${locking}`;
  // A worker on which somebody places right now is passed over; when all are busy, wait for the best one.
  for (const locking of ['SKIP LOCKED', '']) {
    const { rows } = await tx.query<Candidate>(candidates(locking), [network, excluded]);
    if (rows[0]) return rows[0];
  }
  return undefined;
}

async function hasRoom(tx: PoolClient, workerId: string): Promise<boolean> {
  const { rows } = await tx.query<{ room: boolean }>(
    `SELECT (SELECT count(*) FROM session_placements p WHERE p.worker_id = w.id) < w.max_sessions AS room
     FROM workers w WHERE w.id = $1`,
    [workerId],
  );
  return rows[0]?.room ?? false;
}

async function assign(tx: PoolClient, sessionId: string, worker: Candidate): Promise<Assignment | null> {
  const { rows } = await tx.query<{ epoch: number }>(
    `UPDATE session_placements SET epoch = epoch + 1, state = 'ASSIGNED', worker_id = $2, incarnation = $3, reason = 'placed',
       changed_at = now()
     WHERE session_id = $1 AND state = 'UNASSIGNED'
     RETURNING epoch`,
    [sessionId, worker.workerId, worker.incarnation],
  );
  return rows[0] ? { sessionId, epoch: rows[0].epoch, workerId: worker.workerId } : null;
}

/** Takes a session from its worker, whoever that is (epoch + 1). Waits for a fenced write in progress, then refuses the next. */
export async function releaseSession(db: Queryable, sessionId: string, reason: string): Promise<void> {
  await db.query(
    `UPDATE session_placements SET epoch = epoch + 1, state = 'UNASSIGNED', worker_id = NULL, incarnation = NULL, reason = $2,
       changed_at = now()
     WHERE session_id = $1 AND state <> 'UNASSIGNED'`,
    [sessionId, reason],
  );
}

/** Sessions that should run and that nobody hosts, longest waiting first. */
export async function unassignedSessions(
  db: Queryable,
  limit: number,
): Promise<{ sessionId: string; network: Network }[]> {
  const { rows } = await db.query<{ sessionId: string; network: Network }>(
    `SELECT p.session_id AS "sessionId", s.network
     FROM session_placements p JOIN sessions s ON s.id = p.session_id
     WHERE p.state = 'UNASSIGNED' AND s.desired_state = 'RUNNING'
     ORDER BY p.changed_at LIMIT $1`,
    [limit],
  );
  return rows;
}

const MY_PLACEMENTS = {
  name: 'my-placements',
  text: `SELECT p.session_id AS "sessionId", p.epoch FROM session_placements p JOIN sessions s ON s.id = p.session_id
    WHERE p.worker_id = $1 AND p.incarnation = $2 AND p.state = 'ASSIGNED' AND s.desired_state = 'RUNNING'`,
};

/** What one process life should host now: the question of the converge loop. */
export async function myPlacements(db: Queryable, workerId: string, incarnation: number): Promise<Placement[]> {
  const { rows } = await db.query<Placement>({ ...MY_PLACEMENTS, values: [workerId, incarnation] });
  return rows;
}
