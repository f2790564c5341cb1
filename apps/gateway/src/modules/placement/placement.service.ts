import {
  type PlacementStrategy,
  placeSession,
  type RouteTable,
  releaseSession,
  unassignedSessions,
} from '@wa-gate/cluster';
import { inTransaction, type Network, type Pool, type PoolClient } from '@wa-gate/db';
import type { Redis } from '@wa-gate/kit';
import { ringWorker } from '@wa-gate/messaging';

export interface PlacementDependencies {
  pool: Pool;
  redis: Redis;
  routes: RouteTable;
  strategy: PlacementStrategy;
}

/** Writes desired placements; workers converge on them. */
export interface PlacementService {
  /** Places a session and rings its worker. `null`: no worker has room now; the reconciler tries again. */
  place(session: { sessionId: string; network: Network }): Promise<string | null>;
  /** Takes a session from its worker; `also` runs in the same transaction, after every fenced write of the former owner. */
  release(sessionId: string, reason: string, also: (tx: PoolClient) => Promise<void>): Promise<void>;
  /** Places what should run and is nowhere; returns how many found a place. */
  placeUnassigned(limit: number): Promise<number>;
}

export function createPlacementService({ pool, redis, routes, strategy }: PlacementDependencies): PlacementService {
  async function place(session: { sessionId: string; network: Network }): Promise<string | null> {
    const assignment = await placeSession(pool, session, strategy);
    if (!assignment) return null;
    await routes.forget(session.sessionId);
    ringWorker(redis, assignment.workerId);
    return assignment.workerId;
  }

  return {
    place,
    async release(sessionId, reason, also) {
      const former = await inTransaction(pool, async (tx) => {
        const { rows } = await tx.query<{ workerId: string | null }>(
          'SELECT worker_id AS "workerId" FROM session_placements WHERE session_id = $1 FOR UPDATE',
          [sessionId],
        );
        await releaseSession(tx, sessionId, reason);
        await also(tx);
        return rows[0]?.workerId;
      });
      await routes.forget(sessionId);
      if (former) ringWorker(redis, former);
    },
    async placeUnassigned(limit) {
      let placed = 0;
      for (const session of await unassignedSessions(pool, limit)) {
        if (await place(session)) placed += 1;
      }
      return placed;
    },
  };
}
