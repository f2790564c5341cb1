import { inTransaction, type Network, type Pool, type PoolClient } from '@wa-gate/db';
import { type GoneWorker, type Survey, survey } from './brake.ts';
import { type Candidate, lockCandidates } from './candidates.ts';
import { distribute, type PlacementStrategy, paced, roomFor } from './distribute.ts';
import type { Assignment, AssignmentReason } from './placements.ts';
import { BY_PRIORITY } from './priority.ts';
import { type ClusterTiming, DEFAULT_TIMING } from './timing.ts';

export interface PlaceOptions {
  strategy: PlacementStrategy;
  timing: ClusterTiming;
  /** Only these sessions. @default all that wait */
  sessionIds?: readonly string[];
  /** The maximum of placements per network. */
  limit: number;
  /**
   * A worker takes sessions over only until it has got so many lately (half of `reconcileEveryMs`). After an outage of
   * all of them the first worker to return would get the sessions of those that return a moment later.
   * @default no bound
   */
  takeoversPerWorker?: number;
}

export interface PlaceResult {
  assignments: Assignment[];
  /** Workers without a lease whose sessions were or could be taken over. */
  gone: GoneWorker[];
  /** Sessions that the storm brake holds back. */
  braked: number;
  /** Sessions that still have no place, apart from those of `later`. */
  waiting: number;
  /** Sessions that have room, but whose worker is gone and whose turn comes a moment later. */
  later: number;
  /** Another call may place more at once: the batch was full, or locked rows were skipped. */
  more: boolean;
}

interface Waiting {
  sessionId: string;
  epoch: number;
  from: string | null;
}

/**
 * Places sessions that should run and have no worker, or whose worker has lost its lease. All placements are made here.
 * A takeover is one placement change, from the old worker to the new one (epoch + 1, I1). Workers are locked before
 * placements, everywhere. A placement that another transaction has locked is skipped: that transaction changes it, or
 * is a fenced write of a former owner, which ends soon.
 */
export async function placeSessions(pool: Pool, options: PlaceOptions): Promise<PlaceResult> {
  const wanted = await survey(pool, options.timing, options.sessionIds ?? null);
  const total = [...wanted.waiting.values()].reduce((sum, count) => sum + count, 0);
  const { gone, braked } = wanted;
  if (total === 0) return { assignments: [], gone, braked, waiting: 0, later: 0, more: false };
  const { assignments, later, more } = await inTransaction(pool, (tx) => placeLocked(tx, wanted, options));
  return { assignments, gone, braked, waiting: Math.max(total - later - assignments.length, 0), later, more };
}

/** Places one session. `null`: it has a living worker, or no worker has room. */
export async function placeSession(
  pool: Pool,
  sessionId: string,
  { strategy = 'least-loaded', timing = DEFAULT_TIMING }: Partial<Pick<PlaceOptions, 'strategy' | 'timing'>> = {},
): Promise<Assignment | null> {
  const { assignments } = await placeSessions(pool, { strategy, timing, sessionIds: [sessionId], limit: 1 });
  return assignments[0] ?? null;
}

interface Group {
  /** Its sessions, those that others have locked included. */
  count: number;
  takes: 'orphans' | 'unassigned' | 'all';
  candidates: readonly Candidate[];
}

async function placeLocked(
  tx: PoolClient,
  wanted: Survey,
  options: PlaceOptions,
): Promise<{ assignments: Assignment[]; later: number; more: boolean }> {
  let candidates = await lockCandidates(tx, options.timing);
  const assignments: Assignment[] = [];
  let later = 0;
  let more = false;

  async function place(network: Network, { count, takes, candidates: targets }: Group): Promise<number> {
    const room = Math.min(roomFor(targets, network), options.limit);
    if (room === 0 || count === 0) return 0;
    const sessions = await lockWaiting(tx, wanted, network, options, { takes, limit: room });
    const given = distribute(sessions, targets, network, options.strategy);
    assignments.push(...(await assign(tx, given)));
    candidates = candidates.map((candidate) => {
      const got = given.filter(({ worker }) => worker.workerId === candidate.workerId).length;
      return { ...candidate, assigned: candidate.assigned + got, room: candidate.room - got };
    });
    const passedOver = sessions.length < Math.min(room, count);
    more ||= passedOver || (sessions.length === options.limit && sessions.length < count);
    return given.length;
  }

  for (const [network, count] of wanted.waiting) {
    const orphans = wanted.orphans.get(network) ?? 0;
    const careful = paced(candidates, options.takeoversPerWorker ?? Number.POSITIVE_INFINITY);
    const fitting = Math.min(orphans, roomFor(candidates, network));
    if (fitting <= roomFor(careful, network)) {
      await place(network, { count, takes: 'all', candidates });
    } else {
      const taken = await place(network, { count: orphans, takes: 'orphans', candidates: careful });
      // They do not stand behind those whose turn comes later.
      await place(network, { count: count - orphans, takes: 'unassigned', candidates });
      later += Math.max(Math.min(orphans - taken, roomFor(candidates, network)), 0);
    }
  }
  return { assignments, later, more };
}

/**
 * The condition uses the columns of the placement itself, because PostgreSQL checks these again on a row that has just
 * changed.
 */
async function lockWaiting(
  tx: PoolClient,
  { gone }: Survey,
  network: Network,
  { sessionIds }: PlaceOptions,
  { takes, limit }: Pick<Group, 'takes'> & { limit: number },
): Promise<Waiting[]> {
  const left = takes === 'unassigned' ? [] : gone;
  const { rows } = await tx.query<Waiting>(
    `SELECT p.session_id AS "sessionId", p.epoch, p.worker_id AS "from"
     FROM session_placements p JOIN sessions s ON s.id = p.session_id JOIN users u ON u.id = s.user_id
     WHERE ($6 AND p.state = 'UNASSIGNED'
         OR p.worker_id = ANY($1::text[]) AND (p.worker_id, p.incarnation) IN (SELECT * FROM unnest($1::text[], $2::bigint[])))
       AND s.desired_state = 'RUNNING' AND s.network = $3 AND ($4::uuid[] IS NULL OR p.session_id = ANY($4))
     ORDER BY ${BY_PRIORITY} LIMIT $5 FOR NO KEY UPDATE OF p SKIP LOCKED`,
    [
      left.map(({ workerId }) => workerId),
      left.map(({ incarnation }) => incarnation),
      network,
      sessionIds ?? null,
      limit,
      takes !== 'orphans',
    ],
  );
  return rows;
}

/** Writes placement changes of rows that this transaction has locked. */
export async function assign(
  tx: PoolClient,
  changes: { session: Waiting; worker: Candidate }[],
  reason?: AssignmentReason,
): Promise<Assignment[]> {
  if (!changes.length) return [];
  const assignments = changes.map(({ session, worker }) => ({
    sessionId: session.sessionId,
    epoch: session.epoch + 1,
    workerId: worker.workerId,
    from: session.from,
    reason: reason ?? (session.from === null ? 'placed' : 'takeover'),
  }));
  await tx.query(
    `UPDATE session_placements p SET epoch = a.epoch, state = 'ASSIGNED', worker_id = a.worker_id, incarnation = a.incarnation,
       reason = a.reason, changed_at = now()
     FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::bigint[], $5::text[]) AS a(session_id, epoch, worker_id, incarnation, reason)
     WHERE p.session_id = a.session_id AND p.epoch = a.epoch - 1`,
    [
      assignments.map(({ sessionId }) => sessionId),
      assignments.map(({ epoch }) => epoch),
      assignments.map(({ workerId }) => workerId),
      changes.map(({ worker }) => worker.incarnation),
      assignments.map((assignment) => assignment.reason),
    ],
  );
  return assignments;
}
