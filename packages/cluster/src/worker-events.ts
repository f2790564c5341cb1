import type { Queryable } from '@wa-gate/db';
import { leaseIsOver } from './lease-states.ts';
import type { ClusterTiming } from './timing.ts';

/**
 * Leases that have expired and are over, which no transaction tells by itself. Rows that another gateway notes now are
 * left to it.
 */
const expired = (timing: Pick<ClusterTiming, 'takeoverGraceMs'>): string => `UPDATE worker_leases SET offline_at = now()
  WHERE worker_id IN (SELECT l.worker_id FROM worker_leases l
    WHERE l.ended_at IS NULL AND l.offline_at IS NULL AND ${leaseIsOver('l', timing)}
    ORDER BY l.worker_id FOR NO KEY UPDATE SKIP LOCKED)`;

/** Workers that hand their sessions over and have none left that should run. */
const DRAINED = `UPDATE workers SET drained_at = now()
  WHERE id IN (SELECT w.id FROM workers w
    WHERE w.admin_state IN ('DRAINING', 'MAINTENANCE', 'RETIRED') AND w.drained_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM session_placements p JOIN sessions s ON s.id = p.session_id
        WHERE p.worker_id = w.id AND s.desired_state = 'RUNNING')
    ORDER BY w.id FOR NO KEY UPDATE SKIP LOCKED)`;

/**
 * Notes which workers are gone since their leases expired, and which are drained: both come about with time, and not
 * with a write of their own. Triggers of the rows append the events `worker.offline` and `worker.drained`, once each,
 * also when several gateways look at once.
 */
export async function noteWorkerChanges(
  db: Queryable,
  timing: Pick<ClusterTiming, 'takeoverGraceMs'>,
): Promise<{ expired: number; drained: number }> {
  const { rowCount: gone } = await db.query(expired(timing));
  const { rowCount: drained } = await db.query(DRAINED);
  return { expired: gone ?? 0, drained: drained ?? 0 };
}
