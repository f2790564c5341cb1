import type { Network, Queryable } from '@wa-gate/db';
import { leaseStates } from './lease-states.ts';
import type { ClusterTiming } from './timing.ts';

/** The storm brake needs at least so many workers gone silent together. */
const STORM = 3;

/** A process life whose lease is over and whose sessions may be taken over. */
export interface GoneWorker {
  workerId: string;
  incarnation: number;
  /** Why its lease was ended, or that it expired. */
  cause: string;
}

/** What wants a worker now. */
export interface Survey {
  gone: GoneWorker[];
  /** Sessions that want a place, by network. */
  waiting: ReadonlyMap<Network, number>;
  /** Sessions that the storm brake holds back. */
  braked: number;
}

/**
 * The sessions that wait for a worker: they should run and have none, or their worker's lease is over.
 *
 * The storm brake: when at least three workers, and more than half of all, have fallen silent together, the cause is
 * more likely the database or the network than the workers. Their sessions wait for one more TTL; then they are taken
 * over after all. The brake counts the workers that have not renewed for `stopAfterMs`, not only those whose lease is
 * over: leases of one outage end up to one renewal apart, and the sessions of the first must not move to the next.
 *
 * After an outage of the database the count comes too late: all leases are long over when it answers, and the first
 * worker to come back would get the sessions of all others. So a lease waits, too, while it fell silent together with
 * one that has come back within the last TTL: expiry proves something about a worker only while others could renew. A
 * lease that was ended (goodbye, evidence) does not count. All of it is in the rows: every gateway computes the same,
 * without memory.
 */
export async function survey(
  db: Queryable,
  timing: ClusterTiming,
  sessionIds: readonly string[] | null = null,
): Promise<Survey> {
  const { rows } = await db.query<{
    workerId: string | null;
    incarnation: number;
    cause: string;
    network: Network;
    isHeld: boolean;
    sessions: number;
  }>(
    `WITH ${leaseStates(timing)}, brake AS (
       SELECT count(*) FILTER (WHERE is_silent) >= ${STORM}
         AND count(*) FILTER (WHERE is_silent) > count(*) FILTER (WHERE is_heard) AS is_on
       FROM leases
     )
     SELECT l.worker_id AS "workerId", l.incarnation, l.cause, s.network, b.is_on AND l.is_silent OR l.is_explained AS "isHeld", count(*) AS sessions
     FROM leases l CROSS JOIN brake b
     JOIN session_placements p ON p.worker_id = l.worker_id AND p.incarnation = l.incarnation
     JOIN sessions s ON s.id = p.session_id
     WHERE l.is_over AND s.desired_state = 'RUNNING' AND ($1::uuid[] IS NULL OR p.session_id = ANY($1))
     GROUP BY 1, 2, 3, 4, 5
     UNION ALL
     SELECT NULL, NULL, NULL, s.network, false, count(*)
     FROM session_placements p JOIN sessions s ON s.id = p.session_id
     WHERE p.state = 'UNASSIGNED' AND s.desired_state = 'RUNNING' AND ($1::uuid[] IS NULL OR p.session_id = ANY($1))
     GROUP BY s.network`,
    [sessionIds],
  );
  const free = rows.filter(({ isHeld }) => !isHeld);
  const waiting = new Map<Network, number>();
  for (const { network, sessions } of free) waiting.set(network, (waiting.get(network) ?? 0) + sessions);
  const gone = new Map(
    free.flatMap(({ workerId, incarnation, cause }) =>
      workerId === null ? [] : [[workerId, { workerId, incarnation, cause }]],
    ),
  );
  const braked = rows.filter(({ isHeld }) => isHeld).reduce((sum, { sessions }) => sum + sessions, 0);
  return { gone: [...gone.values()], waiting, braked };
}
