import { type ClusterTiming, type Released, rebalanceRound } from '@wa-gate/cluster';
import type { Pool } from '@wa-gate/db';
import type { GatewayMetrics } from '../../metrics/index.ts';
import { type Actor, writeAudit } from '../audit/index.ts';

export interface ManualRebalanceDependencies {
  pool: Pool;
  timing: ClusterTiming;
  notifyWorker: (workerId: string) => void;
  metrics: Pick<GatewayMetrics, 'placementMoves'>;
}

/** A rebalance on request of an administrator. */
export interface ManualRebalance {
  now(actor: Actor): Promise<{ moves: number; workers: { workerId: string; sessions: number }[] }>;
}

export function createManualRebalance(deps: ManualRebalanceDependencies): ManualRebalance {
  const { pool, timing, notifyWorker, metrics } = deps;
  return {
    async now(actor) {
      const released = await rebalanceRound(pool, timing, {
        now: true,
        also: (tx, sessions) =>
          writeAudit(tx, actor, {
            action: 'workers.rebalanced',
            resourceType: 'worker',
            workspaceId: null,
            after: { workers: byWorker(sessions) },
          }),
      });
      const workers = byWorker(released);
      for (const { workerId } of workers) notifyWorker(workerId);
      if (released.length) metrics.placementMoves.inc({ reason: 'rebalance' }, released.length);
      return { moves: released.length, workers };
    },
  };
}

function byWorker(released: readonly Released[]): { workerId: string; sessions: number }[] {
  const counts = new Map<string, number>();
  for (const { workerId } of released) counts.set(workerId, (counts.get(workerId) ?? 0) + 1);
  return [...counts].map(([workerId, sessions]) => ({ workerId, sessions }));
}
