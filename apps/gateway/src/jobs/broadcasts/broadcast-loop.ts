import type { Pool } from '@wa-gate/db';
import { type Clock, createLoop, type Logger, type Loop } from '@wa-gate/kit';
import type { Appended } from '@wa-gate/messaging';
import { advanceBroadcast, openBroadcasts } from '../../modules/broadcasts/index.ts';
import type { Doorbells } from '../../worker-links/doorbells.ts';

export interface BroadcastLoopDependencies {
  pool: Pool;
  doorbells: Pick<Doorbells, 'notifySession'>;
  clock: Clock;
  logger: Logger;
  /** Tells of new events, after their commit. */
  announce: (appended: Appended) => void;
}

/**
 * Milliseconds between two looks. With a full queue this is how often it is filled: with the depth of the queue it
 * bounds how fast one session can send, far above what an account may.
 */
const EVERY_MS = 250;
/** Broadcasts of one round. */
const BATCH = 100;

/** Gives broadcasts to the outbox, and counts what became of them. Any number of processes may run it. */
export function createBroadcastLoop(deps: BroadcastLoopDependencies): Pick<Loop, 'start' | 'stop' | 'notify'> {
  const { pool, doorbells, clock, logger, announce } = deps;

  async function advance(id: string): Promise<boolean> {
    try {
      const done = await advanceBroadcast(pool, id);
      if (!done) return false;
      for (const sessionId of done.sessionIds) doorbells.notifySession(sessionId);
      if (done.appended) announce(done.appended);
      return done.hasMore;
    } catch (error) {
      // The others are not to wait for one that cannot be advanced.
      logger.warn({ err: error, broadcastId: id }, 'broadcast not advanced, trying again');
      return false;
    }
  }

  return createLoop({
    clock,
    everyMs: EVERY_MS,
    jitter: 0.2,
    async round(stopping) {
      let hasMore = false;
      for (const id of await openBroadcasts(pool, BATCH)) {
        if (stopping.aborted) return undefined;
        hasMore = (await advance(id)) || hasMore;
      }
      return hasMore ? 'more' : undefined;
    },
    onError: (error) => logger.warn({ err: error }, 'broadcasts cannot be read, trying again'),
  });
}
