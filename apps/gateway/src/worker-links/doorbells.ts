import type { RouteTable } from '@wa-gate/cluster';
import type { Logger, Redis } from '@wa-gate/kit';
import { ringSession, ringWorker } from '@wa-gate/messaging';
import type { ControlStreams } from './control-streams.ts';

export interface BellsDependencies {
  streams: ControlStreams;
  routes: RouteTable;
  redis: Redis;
  logger: Logger;
}

/** Tells workers to look. Over the control stream where there is one, else over Redis; a bell that is lost only costs the time until the worker's poll. */
export interface Bells {
  /** There is something new in the outbox of this session. */
  ringSession(sessionId: string): void;
  /** The placements of this worker have changed. */
  ringWorker(workerId: string): void;
  /**
   * The worker whose stream tells the outcomes of this session; `undefined` while there is no such stream.
   *
   * Costs a look into PostgreSQL for a session of which nothing was heard yet.
   */
  hearsFrom(sessionId: string): Promise<string | undefined>;
}

export function createBells({ streams, routes, redis, logger }: BellsDependencies): Bells {
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
  streams.onStrays((workerId, sessionIds) => {
    for (const sessionId of sessionIds) {
      void routes
        .forget(sessionId)
        .then(() => resolve(sessionId))
        .then((owner) => {
          if (owner !== undefined && owner !== workerId) ring(sessionId, owner);
        });
    }
  });

  function ring(sessionId: string, owner: string): void {
    if (!streams.ringSession(sessionId, owner)) ringSession(redis, sessionId);
  }

  return {
    ringSession(sessionId) {
      const owner = knownOwner(sessionId);
      if (owner !== undefined) ring(sessionId, owner);
      else
        void resolve(sessionId).then((found) =>
          found === undefined ? ringSession(redis, sessionId) : ring(sessionId, found),
        );
    },
    ringWorker(workerId) {
      if (!streams.ringWorker(workerId)) ringWorker(redis, workerId);
    },
    async hearsFrom(sessionId) {
      const owner = knownOwner(sessionId) ?? (await resolve(sessionId));
      return owner !== undefined && streams.isOpen(owner) ? owner : undefined;
    },
  };
}
