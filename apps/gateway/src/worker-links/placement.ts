import {
  type Assignment,
  type ClusterTiming,
  drainRound,
  noteWorkerChanges,
  type PlacementStrategy,
  type PlaceResult,
  placeSession,
  placeSessions,
  type RouteTable,
  rebalanceRound,
  releaseSession,
} from '@wa-gate/cluster';
import type { Pool, PoolClient } from '@wa-gate/db';
import type { Revocations, Revoke } from '../revocations/revocations.ts';
import type { Doorbells } from './doorbells.ts';

/**
 * A worker starts 50 sessions a second of the sandbox and 10 of the live network (`apps/worker`, start ramp), so it
 * waits for no more than these. Counted over half of `reconcileEveryMs`.
 */
const TAKEOVERS_PER_WORKER = 75;

export interface PlacementDependencies {
  pool: Pool;
  revocations: Pick<Revocations, 'inTransaction'>;
  routes: RouteTable;
  strategy: PlacementStrategy;
  timing: ClusterTiming;
  doorbells: Pick<Doorbells, 'notifyWorker'>;
}

/** Writes desired placements; workers converge on them. */
export interface PlacementService {
  /** Places a session and notifies its worker. `null`: no worker has room now; the reconciler tries again. */
  place(sessionId: string): Promise<string | null>;
  /**
   * Takes a session from its worker; `also` runs in the same transaction, after every fenced write of the former owner.
   */
  release(sessionId: string, reason: string, also: (tx: PoolClient, revoke: Revoke) => Promise<void>): Promise<void>;
  /** Places one batch of sessions that should run and have no living owner; notifies the workers that got some. */
  placeWaiting(limit: number): Promise<PlaceResult>;
  /** Notes which workers are gone since their leases expired, and which are drained: their events come of it. */
  noteWorkers(): Promise<void>;
  /** Asks draining workers for their next sessions; returns how many. */
  drain(): Promise<number>;
  /** Asks workers that have too much to do for a few sessions; returns how many. */
  rebalance(): Promise<number>;
}

export function createPlacementService(deps: PlacementDependencies): PlacementService {
  const { pool, revocations, routes, strategy, timing, doorbells } = deps;

  const notify = (workerIds: Iterable<string>): void => {
    for (const workerId of new Set(workerIds)) doorbells.notifyWorker(workerId);
  };

  /** The new owners are notified first: routes are hints only, and forgetting them may have to wait for Redis. */
  async function settle(assignments: readonly Assignment[]): Promise<void> {
    notify(assignments.map(({ workerId }) => workerId));
    await routes.forget(...assignments.map(({ sessionId }) => sessionId));
  }

  return {
    async place(sessionId) {
      const assignment = await placeSession(pool, sessionId, { strategy, timing });
      if (assignment) await settle([assignment]);
      return assignment?.workerId ?? null;
    },
    async release(sessionId, reason, also) {
      const former = await revocations.inTransaction(async (tx, revoke) => {
        const { rows } = await tx.query<{ workerId: string | null }>(
          'SELECT worker_id AS "workerId" FROM session_placements WHERE session_id = $1 FOR UPDATE',
          [sessionId],
        );
        await releaseSession(tx, sessionId, reason);
        await also(tx, revoke);
        return rows[0]?.workerId;
      });
      await routes.forget(sessionId);
      if (former) doorbells.notifyWorker(former);
    },
    async placeWaiting(limit) {
      const result = await placeSessions(pool, { strategy, timing, limit, takeoversPerWorker: TAKEOVERS_PER_WORKER });
      await settle(result.assignments);
      return result;
    },
    async noteWorkers() {
      await noteWorkerChanges(pool, timing);
    },
    async drain() {
      const released = await drainRound(pool, timing);
      notify(released.map(({ workerId }) => workerId));
      return released.length;
    },
    async rebalance() {
      const released = await rebalanceRound(pool, timing);
      notify(released.map(({ workerId }) => workerId));
      return released.length;
    },
  };
}
