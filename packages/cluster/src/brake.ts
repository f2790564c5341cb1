import type { Network, Queryable } from '@wa-gate/db';
import { leaseStates } from './lease-states.ts';
import type { ClusterTiming } from './timing.ts';

/** The minimum of workers that fall silent together for the storm brake. */
const STORM = 3;

/** An incarnation whose lease has ended and whose sessions may be taken over. */
export interface GoneWorker {
  workerId: string;
  incarnation: number;
  /** The cause of the end of its lease, or that it expired. */
  cause: string;
}

/** The sessions without a worker. */
export interface Survey {
  gone: GoneWorker[];
  /** Sessions without a place, by network. */
  waiting: ReadonlyMap<Network, number>;
  /** Those of them that a worker which is gone had, by network. */
  orphans: ReadonlyMap<Network, number>;
  /** Sessions that the storm brake holds back. */
  braked: number;
}

/**
 * Finds the sessions that wait for a worker: they should run and have none, or the lease of their worker has ended.
 *
 * The storm brake: when at least three workers, and more than half of all, fall silent together, the cause is more
 * likely the database or the network than the workers. Their sessions wait for one more TTL and are taken over
 * afterwards. The brake counts workers that have not renewed for `stopAfterMs`, not only those whose lease has ended.
 * Leases of one outage end up to one renewal apart, and the sessions of the first must not move to the next.
 *
 * After an outage of the database that count comes too late: all leases have ended long before it answers, and the
 * first worker to return would get all sessions. So a lease also waits when it fell silent together with one that
 * returned within the last TTL: expiry is evidence about a worker only while others could renew. A lease that was ended
 * (goodbye, evidence) does not count. Everything is computed from the rows, so every gateway gets the same result
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
  const countIn = (counted: typeof free): Map<Network, number> => {
    const counts = new Map<Network, number>();
    for (const { network, sessions } of counted) counts.set(network, (counts.get(network) ?? 0) + sessions);
    return counts;
  };
  const waiting = countIn(free);
  const orphans = countIn(free.filter(({ workerId }) => workerId !== null));
  const gone = new Map(
    free.flatMap(({ workerId, incarnation, cause }) =>
      workerId === null ? [] : [[workerId, { workerId, incarnation, cause }]],
    ),
  );
  const braked = rows.filter(({ isHeld }) => isHeld).reduce((sum, { sessions }) => sum + sessions, 0);
  return { gone: [...gone.values()], waiting, orphans, braked };
}
