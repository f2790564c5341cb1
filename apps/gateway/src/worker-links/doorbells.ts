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

/** Tells workers to look. Over the control stream where there is one, else over Redis; a doorbell that is lost only costs the time until the worker's poll. */
export interface Doorbells {
  /** There is something new in the outbox of this session. */
  notifySession(sessionId: string): void;
  /** The placements of this worker have changed. */
  notifyWorker(workerId: string): void;
  /**
   * The worker whose stream tells the outcomes of this session; `undefined` while there is no such stream.
   *
   * Costs a look into PostgreSQL for a session of which nothing was heard yet.
   */
  outcomesComeFrom(sessionId: string): Promise<string | undefined>;
}

export function createDoorbells({ streams, routes, redis, logger }: DoorbellsDependencies): Doorbells {
  const knownOwner = (sessionId: string): string | undefined =>
    streams.ownerOf(sessionId) ?? routes.known(sessionId)?.workerId;

  async function resolve(sessionId: string): Promise<string | undefined> {
    try {
      return (await routes.resolve(sessionId))?.workerId;
    } catch (error) {
      logger.debug({ err: error, sessionId }, 'owner not found out');
      return undefined;
    }
  }

  /** As 421 for a call: the route was wrong, PostgreSQL knows better, once. */
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
    async outcomesComeFrom(sessionId) {
      const owner = knownOwner(sessionId) ?? (await resolve(sessionId));
      return owner !== undefined && streams.isOpen(owner) ? owner : undefined;
    },
  };
}
