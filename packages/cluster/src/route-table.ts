import type { Queryable } from '@wa-gate/db';
import { createSingleFlight, type Logger, type Redis, redisKeys } from '@wa-gate/kit';
import { ConsecutiveBreaker, circuitBreaker, handleAll, TimeoutStrategy, timeout, wrap } from 'cockatiel';
import { LRUCache } from 'lru-cache';

/** The worker of a session. A hint: the worker checks session and epoch and answers 421 when it is wrong (I6). */
export interface Route {
  workerId: string;
  endpoint: string;
  incarnation: number;
  epoch: number;
}

export interface RouteTable {
  /** The route in memory, without I/O; often `undefined`. */
  known(sessionId: string): Route | undefined;
  /**
   * Reads memory, Redis, then PostgreSQL. `null`: no worker hosts the session now. Redis errors are counted, never
   * thrown.
   */
  resolve(sessionId: string): Promise<Route | null>;
  /**
   * Removes the routes from both caches; the next `resolve` reads PostgreSQL. Call it on 421 and on every placement
   * change made here.
   */
  forget(...sessionIds: string[]): Promise<void>;
}

export interface RouteTableDependencies {
  db: Queryable;
  redis: Redis;
  logger: Logger;
  /** Called when Redis failed, for the metrics. */
  onRedisError?: () => void;
}

const L1_TTL_MS = 5_000;
const L1_ENTRIES = 50_000;
const REDIS_TTL_SECONDS = 60;
const REDIS_TIMEOUT_MS = 50;

const READ_ROUTE = {
  name: 'read-route',
  text: `SELECT p.worker_id AS "workerId", w.endpoint, p.incarnation, p.epoch
    FROM session_placements p JOIN workers w ON w.id = p.worker_id
    WHERE p.session_id = $1 AND p.state <> 'UNASSIGNED'`,
};

export function createRouteTable({ db, redis, logger, onRedisError }: RouteTableDependencies): RouteTable {
  const local = new LRUCache<string, Route>({ max: L1_ENTRIES, ttl: L1_TTL_MS });
  /** Sessions whose route was removed here. Their entry in Redis may be wrong, or a slow gateway may write it again. */
  const distrusted = new LRUCache<string, true>({ max: L1_ENTRIES, ttl: REDIS_TTL_SECONDS * 1_000 });
  const singleFlight = createSingleFlight<Route | null>();
  const redisPolicy = wrap(
    circuitBreaker(handleAll, { halfOpenAfter: 2_000, breaker: new ConsecutiveBreaker(5) }),
    timeout(REDIS_TIMEOUT_MS, TimeoutStrategy.Aggressive),
  );

  async function hint<T>(run: () => Promise<T>): Promise<T | undefined> {
    try {
      return await redisPolicy.execute(run);
    } catch (error) {
      onRedisError?.();
      logger.debug({ err: error }, 'route hint not available');
      return undefined;
    }
  }

  async function fromRedis(sessionId: string): Promise<Route | undefined> {
    const hash = await hint(() => redis.hgetall(redisKeys.route(sessionId)));
    if (!hash?.workerId || !hash.endpoint) return undefined;
    return {
      workerId: hash.workerId,
      endpoint: hash.endpoint,
      incarnation: Number(hash.incarnation),
      epoch: Number(hash.epoch),
    };
  }

  async function fromDatabase(sessionId: string): Promise<Route | null> {
    const { rows } = await db.query<Route>({ ...READ_ROUTE, values: [sessionId] });
    const route = rows[0];
    if (!route) return null;
    distrusted.delete(sessionId);
    const key = redisKeys.route(sessionId);
    await hint(() =>
      redis
        .multi()
        .hset(key, { ...route })
        .expire(key, REDIS_TTL_SECONDS)
        .exec(),
    );
    return route;
  }

  /** Keeps the newer of two concurrent answers. */
  function remember(sessionId: string, route: Route): void {
    const known = local.get(sessionId);
    if (!known || known.epoch <= route.epoch) local.set(sessionId, route);
  }

  return {
    known: (sessionId) => local.get(sessionId),
    async resolve(sessionId) {
      const cached = local.get(sessionId);
      if (cached) return cached;
      const route = distrusted.has(sessionId)
        ? await singleFlight(`fresh ${sessionId}`, () => fromDatabase(sessionId))
        : await singleFlight(sessionId, async () => (await fromRedis(sessionId)) ?? (await fromDatabase(sessionId)));
      if (route) remember(sessionId, route);
      return route;
    },
    async forget(...sessionIds) {
      if (!sessionIds.length) return;
      for (const sessionId of sessionIds) {
        local.delete(sessionId);
        distrusted.set(sessionId, true);
      }
      await hint(() => redis.del(...sessionIds.map((sessionId) => redisKeys.route(sessionId))));
    },
  };
}
