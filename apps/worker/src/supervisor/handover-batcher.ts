import {
  type Assignment,
  type ClusterTiming,
  handOverMany,
  type Ownership,
  type PlacementStrategy,
  StaleEpochError,
} from '@wa-gate/cluster';
import type { Pool } from '@wa-gate/db';

export interface HandoverBatcherDependencies {
  pool: Pool;
  timing: ClusterTiming;
  strategy: PlacementStrategy;
}

/**
 * Places a session on the best other worker. Resolves with `null` when none has room.
 *
 * @throws {StaleEpochError}
 */
export type HandOver = (owner: Ownership) => Promise<Assignment | null>;

interface Waiting {
  owner: Ownership;
  resolve: (assignment: Assignment | null) => void;
  reject: (error: unknown) => void;
}

/**
 * Runs one transaction at a time, with all sessions that became ready during the last one. Parallel transactions would
 * wait for the locks of each other.
 */
export function createHandoverBatcher({ pool, timing, strategy }: HandoverBatcherDependencies): HandOver {
  let queue: Waiting[] = [];
  let isRunning = false;

  async function drain(): Promise<void> {
    isRunning = true;
    while (queue.length > 0) {
      const batch = queue;
      queue = [];
      try {
        const given = await handOverMany(
          pool,
          batch.map(({ owner }) => owner),
          { timing, strategy },
        );
        for (const { owner, resolve, reject } of batch) {
          const assignment = given.get(owner.sessionId);
          if (assignment === undefined) reject(new StaleEpochError([owner.sessionId]));
          else resolve(assignment);
        }
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    isRunning = false;
  }

  return (owner) =>
    new Promise((resolve, reject) => {
      queue.push({ owner, resolve, reject });
      if (!isRunning) void drain();
    });
}
