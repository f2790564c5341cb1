import { inTransaction, type Network, type Pool, type PoolClient } from '@wa-gate/db';
import { type Candidate, lockCandidates } from './candidates.ts';
import { beginRelease, type Released } from './handover.ts';
import { leaseStates } from './lease-states.ts';
import { LATEST_TRAFFIC } from './priority.ts';
import type { ClusterTiming } from './timing.ts';

/** When a worker has too much to do, and what a worker must be below to get some of it (the briefs' numbers). */
const LIMITS = { cpuUsage: 80, memoryUsage: 90, full: 0.9, targetFull: 0.7 } as const;
/** Sessions that move in one round, and the time between two rounds of the whole fleet. */
const PER_ROUND = 5;
const REBALANCE_EVERY_MS = 30_000;

const TOO_MUCH = `(l.cpu_usage > ${LIMITS.cpuUsage} OR l.memory_usage > ${LIMITS.memoryUsage}
  OR (SELECT count(*) FROM session_placements p WHERE p.worker_id = w.id) > ${LIMITS.full} * w.max_sessions)`;

const overloaded = (timing: ClusterTiming): string => `WITH ${leaseStates(timing)}
  SELECT w.id AS "workerId", w.network, l.cpu_usage > ${LIMITS.cpuUsage} AS "isBusy"
  FROM workers w JOIN leases l ON l.worker_id = w.id
  WHERE l.is_heard AND w.admin_state IN ('ACTIVE', 'CORDONED') AND l.runtime_state = 'READY' AND ${TOO_MUCH}
    AND NOT EXISTS (SELECT 1 FROM workers r WHERE r.rebalanced_at > now() - ${REBALANCE_EVERY_MS} * interval '1 ms')
  ORDER BY w.id`;

interface Overloaded {
  workerId: string;
  network: Network;
  /** Its processor is the trouble: moving idle sessions would not help. */
  isBusy: boolean;
}

/** Room below the mark up to which a worker takes from others. */
function roomOfTargets(candidates: readonly Candidate[], network: Network): number {
  return candidates
    .filter((candidate) => candidate.network === network)
    .filter(({ cpuUsage, memoryUsage }) => cpuUsage < LIMITS.cpuUsage && memoryUsage < LIMITS.memoryUsage)
    .reduce(
      (room, { assigned, capacity }) => room + Math.max(Math.floor(LIMITS.targetFull * capacity) - assigned, 0),
      0,
    );
}

/**
 * Asks for the move of a few sessions from workers that have too much to do, when others are well below their limits. At most
 * {@link PER_ROUND} sessions, and not more often than every 30 s: `workers.rebalanced_at` remembers it for all gateways, under the lock of the
 * candidates.
 */
export async function rebalanceRound(pool: Pool, timing: ClusterTiming): Promise<Released[]> {
  if (!(await pool.query(overloaded(timing))).rowCount) return [];
  return inTransaction(pool, async (tx) => {
    const candidates = await lockCandidates(tx, timing);
    const { rows: workers } = await tx.query<Overloaded>(overloaded(timing));
    const chosen: string[] = [];
    for (const worker of workers) {
      const targets = candidates.filter(({ workerId }) => workerId !== worker.workerId);
      const count = Math.min(roomOfTargets(targets, worker.network), PER_ROUND) - chosen.length;
      if (count > 0) chosen.push(...(await choose(tx, worker, count)));
    }
    if (!chosen.length) return [];
    const released = await beginRelease(tx, chosen, 'rebalance');
    await tx.query('UPDATE workers SET rebalanced_at = now() WHERE id = ANY($1::text[])', [
      [...new Set(released.map(({ workerId }) => workerId))],
    ]);
    return released;
  });
}

async function choose(tx: PoolClient, { workerId, network, isBusy }: Overloaded, count: number): Promise<string[]> {
  const order = isBusy ? `${LATEST_TRAFFIC} DESC NULLS LAST` : `${LATEST_TRAFFIC} NULLS FIRST`;
  const { rows } = await tx.query<{ sessionId: string }>(
    `SELECT p.session_id AS "sessionId" FROM session_placements p JOIN sessions s ON s.id = p.session_id
     WHERE p.worker_id = $1 AND p.state = 'ASSIGNED' AND s.desired_state = 'RUNNING' AND s.network = $2
     ORDER BY ${order}, s.id LIMIT $3`,
    [workerId, network, count],
  );
  return rows.map(({ sessionId }) => sessionId);
}
