import { inTransaction, type Network, type Pool } from '@wa-gate/db';
import { lockCandidates } from './candidates.ts';
import { roomFor } from './distribute.ts';
import { beginRelease, type Released } from './handover.ts';
import { leaseStates } from './lease-states.ts';
import { LEAST_URGENT } from './priority.ts';
import type { ClusterTiming } from './timing.ts';

/** The maximum of sessions of one worker that move at a time. The others keep working. */
export const MAX_RELEASING = 20;

interface DrainingWorker {
  workerId: string;
  network: Network;
  releasing: number;
}

/** Workers that drain and are alive. The sessions of dead ones are taken over instead. */
const draining = (timing: ClusterTiming): string => `WITH ${leaseStates(timing)}
  SELECT w.id AS "workerId", w.network,
    (SELECT count(*) FROM session_placements p WHERE p.worker_id = w.id AND p.state = 'RELEASING') AS releasing
  FROM workers w JOIN leases l ON l.worker_id = w.id
  WHERE w.admin_state IN ('DRAINING', 'MAINTENANCE', 'RETIRED') AND NOT l.is_over
    AND EXISTS (SELECT 1 FROM session_placements p JOIN sessions s ON s.id = p.session_id
      WHERE p.worker_id = w.id AND p.state = 'ASSIGNED' AND s.desired_state = 'RUNNING')
  ORDER BY w.id`;

/** The least urgent sessions first: a move disturbs them least, and room is found for the busy ones later. */
const NEXT = `SELECT p.session_id AS "sessionId"
  FROM session_placements p JOIN sessions s ON s.id = p.session_id JOIN users u ON u.id = s.user_id
  WHERE p.worker_id = $1 AND p.state = 'ASSIGNED' AND s.desired_state = 'RUNNING' AND s.network = $2
  ORDER BY ${LEAST_URGENT} LIMIT $3`;

/**
 * Releases the next sessions on draining workers: at most {@link MAX_RELEASING} at a time, and only while other workers
 * have room. Returns those released now.
 */
export async function drainRound(pool: Pool, timing: ClusterTiming): Promise<Released[]> {
  const { rows: workers } = await pool.query<DrainingWorker>(draining(timing));
  if (!workers.length) return [];
  return inTransaction(pool, async (tx) => {
    const candidates = await lockCandidates(tx, timing);
    const onTheirWay = await tx.query<{ network: Network; sessions: number }>(
      `SELECT s.network, count(*) AS sessions FROM session_placements p JOIN sessions s ON s.id = p.session_id
       WHERE p.state = 'RELEASING' GROUP BY s.network`,
    );
    const room = new Map<Network, number>();
    for (const { network } of workers) room.set(network, roomFor(candidates, network));
    for (const { network, sessions } of onTheirWay.rows) room.set(network, (room.get(network) ?? 0) - sessions);
    const chosen: string[] = [];
    for (const { workerId, network, releasing } of workers) {
      const count = Math.min(room.get(network)!, MAX_RELEASING - releasing);
      if (count <= 0) continue;
      const { rows } = await tx.query<{ sessionId: string }>(NEXT, [workerId, network, count]);
      room.set(network, room.get(network)! - rows.length);
      chosen.push(...rows.map(({ sessionId }) => sessionId));
    }
    return chosen.length ? beginRelease(tx, chosen, 'drain') : [];
  });
}
