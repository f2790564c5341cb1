import type { RouteTable } from '@wa-gate/cluster';
import type { Logger, Redis } from '@wa-gate/kit';
import { notifySession, notifyWorker } from '@wa-gate/messaging';
import type { ControlStreams } from './control-streams.ts';

export interface DoorbellsDependencies {
  streams: ControlStreams;
  routes: RouteTable;
  redis: Redis;
  logger: Logger;
}

/**
 * Notifies workers: over the control stream where there is one, else over Redis. A doorbell that is lost costs the time
 * until the worker's poll, and nothing else.
 */
export interface Doorbells {
  /** There is something new in the outbox of this session. */
  notifySession(sessionId: string): void;
  /** The placements of this worker have changed. */
  notifyWorker(workerId: string): void;
  /**
   * The worker that hosts the session and has an open stream to this gateway; `undefined`: there is none.
   *
   * Reads PostgreSQL for a session whose owner is not known yet.
   */
  ownerWithStream(sessionId: string): Promise<string | undefined>;
}

export function createDoorbells({ streams, routes, redis, logger }: DoorbellsDependencies): Doorbells {
  const knownOwner = (sessionId: string): string | undefined =>
    streams.ownerOf(sessionId) ?? routes.known(sessionId)?.workerId;

  async function resolve(sessionId: string): Promise<string | undefined> {
    try {
      return (await routes.resolve(sessionId))?.workerId;
    } catch (error) {
      logger.debug({ err: error, sessionId }, 'owner of a session not read');
      return undefined;
    }
  }

  // As after a 421 for a call: the route was wrong, so PostgreSQL is read once.
  streams.onMisrouted((workerId, sessionIds) => {
    for (const sessionId of sessionIds) {
      void routes
        .forget(sessionId)
        .then(() => resolve(sessionId))
        .then((owner) => {
          if (owner !== undefined && owner !== workerId) notify(sessionId, owner);
        });
    }
  });

  function notify(sessionId: string, owner: string): void {
    if (!streams.notifySession(sessionId, owner)) notifySession(redis, sessionId);
  }

  return {
    notifySession(sessionId) {
      const owner = knownOwner(sessionId);
      if (owner !== undefined) notify(sessionId, owner);
      else
        void resolve(sessionId).then((found) =>
          found === undefined ? notifySession(redis, sessionId) : notify(sessionId, found),
        );
    },
    notifyWorker(workerId) {
      if (!streams.notifyWorker(workerId)) notifyWorker(redis, workerId);
    },
    async ownerWithStream(sessionId) {
      const owner = knownOwner(sessionId) ?? (await resolve(sessionId));
      return owner !== undefined && streams.isOpen(owner) ? owner : undefined;
    },
  };
}
