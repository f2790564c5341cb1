import type { Queryable } from '@wa-gate/db';
import { seedSession, type TestDatabase, workerRegistration } from '@wa-gate/testkit';
import { type PlaceOptions, placeSessions } from '../assign.ts';
import { type Ownership, StaleEpochError } from '../fence.ts';
import { handOverMany } from '../handover.ts';
import { registerWorker } from '../registration.ts';
import { scaleTiming } from '../timing.ts';
import { listWorkers } from '../workers.ts';

/**
 * The proportions of production, slowed down for any machine: a lease outlasts every test, and tests write elapsed time
 * into the rows.
 */
export const SLOW_TIMING = scaleTiming(60);

export const NO_LOAD = { cpuUsage: 0, memoryUsage: 0, eventLoopDelayMs: 0 };

/** Steps that the tests of the core share. */
export function fleetTools(database: () => TestDatabase) {
  const pool = () => database().pool;
  const timing = SLOW_TIMING;
  return {
    /** Empties the tables, in less time than a fresh database takes. */
    reset: () => pool().query('DELETE FROM session_placements; DELETE FROM workers; DELETE FROM users'),
    register: (id: string, overrides: Partial<Parameters<typeof registerWorker>[1]> = {}) =>
      registerWorker(pool(), { ...workerRegistration(id), ...overrides }, timing),
    seed: (count: number, overrides: Parameters<typeof seedSession>[1] = {}) =>
      Promise.all(Array.from({ length: count }, async () => (await seedSession(pool(), overrides)).sessionId)),
    place: (options: Partial<PlaceOptions> = {}) =>
      placeSessions(pool(), { strategy: 'least-loaded', timing, limit: 1_000, ...options }),
    /** Hands one session over. */
    handOver: async (owner: Ownership) => {
      const given = await handOverMany(pool(), [owner], { strategy: 'least-loaded', timing });
      const assignment = given.get(owner.sessionId);
      if (assignment === undefined) throw new StaleEpochError([owner.sessionId]);
      return assignment;
    },
    countByWorker: async (): Promise<Record<string, number>> => {
      const workers = await listWorkers(pool());
      return Object.fromEntries(workers.map(({ workerId, sessionCount }) => [workerId, sessionCount]));
    },
    /** Dates the lease of a worker back: it expired `ms` milliseconds ago. */
    expire: async (workerId: string, ms = timing.takeoverGraceMs + 1): Promise<void> => {
      await pool().query(`UPDATE worker_leases SET expires_at = now() - $2 * interval '1 ms' WHERE worker_id = $1`, [
        workerId,
        ms,
      ]);
    },
  };
}

export interface PlacementRow {
  sessionId: string;
  epoch: number;
  state: string;
  workerId: string | null;
  incarnation: number | null;
  reason: string;
}

export async function readPlacements(db: Queryable): Promise<PlacementRow[]> {
  const { rows } = await db.query<PlacementRow>(
    `SELECT session_id AS "sessionId", epoch, state, worker_id AS "workerId", incarnation, reason
     FROM session_placements ORDER BY session_id`,
  );
  return rows;
}

/**
 * Resolves once a backend of this database waits for a lock in a statement like this, so that the order of a race is
 * certain without a sleep. `end` aborts the wait.
 */
export async function someoneWaitsForALock(db: Queryable, statement = '%', end?: AbortSignal): Promise<void> {
  while (!end?.aborted) {
    const { rows } = await db.query(
      `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE $1`,
      [statement],
    );
    if (rows.length) return;
  }
}
