import { inTransaction, type Network, type Pool, type PoolClient } from '@wa-gate/db';
import { type Candidate, lockCandidates } from './candidates.ts';
import { beginRelease, type Released } from './handover.ts';
import { leaseStates } from './lease-states.ts';
import { LATEST_TRAFFIC } from './priority.ts';
import type { ClusterTiming } from './timing.ts';

/**
 * The limits above which a worker is overloaded, and `targetFull`, below which it receives sessions (numbers of the
 * briefs).
 */
const LIMITS = { cpuUsage: 80, memoryUsage: 90, full: 0.9, targetFull: 0.7 } as const;
/** The sessions that move in one round, and the milliseconds between two rounds of the whole fleet. */
const PER_ROUND = 5;
const REBALANCE_EVERY_MS = 30_000;
/** The tolerated difference of used shares of capacity. */
const UNEVEN = 0.2;

const IS_BUSY = `(l.cpu_usage > ${LIMITS.cpuUsage} AND NOT l.is_young)`;

const TOO_MUCH = `(${IS_BUSY} OR l.memory_usage > ${LIMITS.memoryUsage}
  OR (SELECT count(*) FROM session_placements p WHERE p.worker_id = w.id) > ${LIMITS.full} * w.max_sessions)`;

const PAUSE_IS_OVER = `NOT EXISTS (SELECT 1 FROM workers r WHERE r.rebalanced_at > now() - ${REBALANCE_EVERY_MS} * interval '1 ms')`;

const overloaded = (timing: ClusterTiming, now: boolean): string => `WITH ${leaseStates(timing)}
  SELECT w.id AS "workerId", w.network, ${IS_BUSY} AS "isBusy"
  FROM workers w JOIN leases l ON l.worker_id = w.id
  WHERE l.is_heard AND w.admin_state IN ('ACTIVE', 'CORDONED') AND l.runtime_state = 'READY' AND ${TOO_MUCH}
    AND ${now ? 'true' : PAUSE_IS_OVER}
  ORDER BY w.id`;

interface Overloaded {
  workerId: string;
  network: Network;
  /** The cause is the processor: moving idle sessions would not help. */
  isBusy: boolean;
}

/** The room of workers below the mark up to which they receive sessions. */
function roomOfTargets(candidates: readonly Candidate[], network: Network): number {
  return candidates
    .filter((candidate) => candidate.network === network)
    .filter(({ cpuUsage, memoryUsage }) => cpuUsage < LIMITS.cpuUsage && memoryUsage < LIMITS.memoryUsage)
    .reduce(
      (room, { assigned, capacity }) => room + Math.max(Math.floor(LIMITS.targetFull * capacity) - assigned, 0),
      0,
    );
}

export interface RebalanceOptions {
  /**
   * Requested by an administrator: runs without the pause. When no worker is overloaded, sessions move from the fullest
   * worker to emptier ones.
   */
  now?: boolean;
  /** Runs in the same transaction, also when nothing moves. */
  also?: (tx: PoolClient, released: readonly Released[]) => Promise<void>;
}

/**
 * Releases a few sessions of overloaded workers when others are well below their limits. At most {@link PER_ROUND}
 * sessions, every 30 s at most: `workers.rebalanced_at` stores the time for all gateways, under the lock of the
 * candidates.
 */
export async function rebalanceRound(
  pool: Pool,
  timing: ClusterTiming,
  { now = false, also }: RebalanceOptions = {},
): Promise<Released[]> {
  if (!now && !(await pool.query(overloaded(timing, now))).rowCount) return [];
  return inTransaction(pool, async (tx) => {
    const candidates = await lockCandidates(tx, timing);
    const { rows: workers } = await tx.query<Overloaded>(overloaded(timing, now));
    const chosen: string[] = [];
    for (const worker of workers) {
      const targets = candidates.filter(({ workerId }) => workerId !== worker.workerId);
      const count = Math.min(roomOfTargets(targets, worker.network), PER_ROUND) - chosen.length;
      if (count > 0) chosen.push(...(await choose(tx, worker, count)));
    }
    if (now && !chosen.length) {
      for (const { count, ...worker } of unevenWorkers(candidates)) chosen.push(...(await choose(tx, worker, count)));
    }
    const released = chosen.length ? await beginRelease(tx, chosen, 'rebalance') : [];
    await also?.(tx, released);
    if (!released.length) return [];
    await tx.query('UPDATE workers SET rebalanced_at = now() WHERE id = ANY($1::text[])', [
      [...new Set(released.map(({ workerId }) => workerId))],
    ]);
    return released;
  });
}

/**
 * The fullest worker of each network when it and the emptiest one differ by more than {@link UNEVEN}. `count`: how many
 * sessions would level the two.
 */
function unevenWorkers(candidates: readonly Candidate[]): (Overloaded & { count: number })[] {
  return [...new Set(candidates.map(({ network }) => network))].flatMap((network) => {
    const byUse = candidates
      .filter((candidate) => candidate.network === network)
      .sort((a, b) => a.assigned / a.capacity - b.assigned / b.capacity);
    const [emptiest, fullest] = [byUse[0], byUse.at(-1)];
    if (!emptiest || !fullest) return [];
    const apart = fullest.assigned / fullest.capacity - emptiest.assigned / emptiest.capacity;
    if (apart <= UNEVEN) return [];
    const even = apart / (1 / fullest.capacity + 1 / emptiest.capacity);
    const count = Math.min(Math.floor(even), PER_ROUND);
    return count > 0 ? [{ workerId: fullest.workerId, network, isBusy: false, count }] : [];
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
