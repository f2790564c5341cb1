import {
  type ClusterTiming,
  listWorkers,
  removeWorker,
  setWorkerAdminState,
  WorkerNotEmptyError,
} from '@wa-gate/cluster';
import type { RemoveWorkerResult } from '@wa-gate/contracts';
import { inTransaction, type Pool, type WorkerAdminState } from '@wa-gate/db';
import type { Clock, Logger } from '@wa-gate/kit';
import { ApiError } from '../../http/api-error.ts';
import { type Actor, writeAudit } from '../audit/index.ts';

export interface WorkerRemovalDependencies {
  pool: Pool;
  clock: Clock;
  timing: ClusterTiming;
  /** Sessions have another owner or none: routes to them are wrong, and this worker should look. */
  onMoved: (sessionIds: readonly string[], workerIds: readonly string[]) => Promise<void>;
  /** The work of the workers is to be spread anew. */
  onChanged: () => void;
  logger: Logger;
  /** How long it waits for sessions to move; a test may be shorter. */
  patience?: Patience;
}

export interface Patience {
  /** All of it. Less than a request may take. */
  totalMs: number;
  /** Without a session that has gone. */
  stalledMs: number;
  /** The same while sessions are on their way: their messages in flight may take so long. */
  movingMs: number;
}

/**
 * Removes a worker: it gets no more sessions, its sessions move away, and then its row is deleted. When not all of them
 * found room in time, the worker stays as it was, unless the removal is forced: then the rest waits for a worker.
 */
export interface WorkerRemoval {
  /** @throws {ApiError} WORKER_NOT_FOUND, WORKER_NOT_EMPTY */
  remove(workerId: string, options: { force: boolean }, actor: Actor): Promise<RemoveWorkerResult>;
}

const PATIENCE: Patience = { totalMs: 40_000, stalledMs: 5_000, movingMs: 15_000 };
const LOOK_EVERY_MS = 100;

interface Left {
  sessions: number;
  moving: number;
}

export function createWorkerRemoval(deps: WorkerRemovalDependencies): WorkerRemoval {
  const { pool, clock, timing, logger, patience = PATIENCE } = deps;

  async function left(workerId: string): Promise<Left> {
    const { rows } = await pool.query<Left>(
      `SELECT count(*) AS sessions, count(*) FILTER (WHERE p.state = 'RELEASING') AS moving
       FROM session_placements p JOIN sessions s ON s.id = p.session_id
       WHERE p.worker_id = $1 AND s.desired_state = 'RUNNING'`,
      [workerId],
    );
    return rows[0]!;
  }

  /** Until it is empty, or nothing moves any more. */
  async function emptied(workerId: string): Promise<void> {
    const end = clock.monotonic() + patience.totalMs;
    let last = Number.POSITIVE_INFINITY;
    let lastAt = clock.monotonic();
    for (;;) {
      const { sessions, moving } = await left(workerId);
      const now = clock.monotonic();
      if (sessions < last) [last, lastAt] = [sessions, now];
      if (sessions === 0 || now >= end) return;
      if (now - lastAt >= (moving > 0 ? patience.movingMs : patience.stalledMs)) return;
      await clock.sleep(LOOK_EVERY_MS);
    }
  }

  async function restore(workerId: string, former: WorkerAdminState): Promise<void> {
    await setWorkerAdminState(pool, workerId, former, 'RETIRED');
    deps.onChanged();
  }

  return {
    async remove(workerId, { force }, actor) {
      const [view] = await listWorkers(pool, workerId);
      const set = view && (await setWorkerAdminState(pool, workerId, 'RETIRED'));
      if (!set) throw new ApiError('WORKER_NOT_FOUND');
      deps.onChanged();
      try {
        await emptied(workerId);
        const removed = await inTransaction(pool, async (tx) => {
          const gone = await removeWorker(tx, workerId, { force, timing });
          if (!gone) throw new ApiError('WORKER_NOT_FOUND');
          const { endpoint, wasRunning, sessionIds } = gone;
          await writeAudit(tx, actor, {
            action: 'worker.removed',
            resourceType: 'worker',
            resourceId: workerId,
            workspaceId: null,
            before: { endpoint, adminState: set.before, maxSessions: view.maxSessions, wasRunning },
            after: { waitingSessions: sessionIds.length },
          });
          return gone;
        });
        logger.info({ workerId, force, waiting: removed.sessionIds.length }, 'worker removed');
        await deps.onMoved(removed.sessionIds, [workerId]);
        deps.onChanged();
        const waitingSessions = removed.sessionIds.length;
        const movedSessions = Math.max(view.sessionCount - waitingSessions, 0);
        return { workerId, removed: true, movedSessions, waitingSessions };
      } catch (error) {
        await restore(workerId, set.before);
        if (!(error instanceof WorkerNotEmptyError)) throw error;
        throw new ApiError('WORKER_NOT_EMPTY', { details: { workerId, sessions: error.sessions } });
      }
    },
  };
}
