import { Redis } from 'ioredis';
import type { Logger } from './logger.ts';
import { traceCommands } from './tracing/redis-commands.ts';
import { isTracing } from './tracing/tracing.ts';

export type { Redis } from 'ioredis';

/**
 * Every key and channel in Redis, in one place (docs/decisions/0002-postgres-owns-the-truth.md). All of them can be
 * rebuilt from PostgreSQL (I10).
 */
export const redisKeys = {
  route: (sessionId: string) => `wag:route:${sessionId}`,
  sessionDoorbell: (sessionId: string) => `wag:bell:session:${sessionId}`,
  workerDoorbell: (workerId: string) => `wag:bell:worker:${workerId}`,
  reconcileDoorbell: () => 'wag:bell:reconcile',
  /** Connects to WhatsApp begun in this second, by the whole fleet. */
  starts: (network: string, second: number) => `wag:starts:${network}:${second}`,
  /** What a bucket has counted for one subject; `message_limit:{userId}` is the tier's messages per hour. */
  rateLimit: (bucket: string, subject: string) => `wag:rl:${bucket}:${subject}`,
  /** The accounts that a bucket has counted for one subject. */
  rateLimitAccounts: (bucket: string, subject: string) => `wag:rla:${bucket}:${subject}`,
  /** API hits since the last move to PostgreSQL. */
  usageHits: () => 'wag:usage:hits',
  /** Hits that are being moved, and the ids of all such batches. */
  usageBatch: (id: string) => `wag:usage:batch:${id}`,
  usageBatches: () => 'wag:usage:batches',
  events: (sessionId: string) => `wag:events:${sessionId}`,
  /** Hints about events that webhooks want. */
  deliveries: () => 'wag:deliveries',
  /** Set while the SQL invariants were checked a moment ago, by whichever replica. */
  invariantsChecked: () => 'wag:invariants:checked',
  bullPrefix: 'wag:bull',
} as const;

export interface RedisClientOptions {
  url: string;
  logger: Logger;
  /** What the connection is for; shown in `CLIENT LIST` and in logs. */
  name: string;
  /** BullMQ consumers block and must wait for ever; everybody else fails fast. @default false */
  blocking?: boolean;
  /**
   * Sends the commands of one turn of the event loop together: for many small commands at once a fraction of the system
   * calls. @default false
   */
  batching?: boolean;
}

/** A Redis that is connected and silent is given up: commands without an answer would pile up in memory. */
const SILENCE_TIMEOUT_MS = 3_000;

/**
 * One way to make a connection. It reconnects for ever with a growing pause; commands fail fast while Redis is away,
 * because everything in Redis is a hint and the caller has PostgreSQL. Errors are logged once per outage, not per
 * attempt.
 */
export function createRedis({ url, logger, name, blocking = false, batching = false }: RedisClientOptions): Redis {
  const options = {
    connectionName: name,
    maxRetriesPerRequest: blocking ? null : 1,
    enableOfflineQueue: blocking,
    enableAutoPipelining: batching,
    ...(!blocking && { socketTimeout: SILENCE_TIMEOUT_MS }),
    retryStrategy: (attempt: number) => Math.min(100 * attempt, 2_000),
    reconnectOnError: (error: Error) => /READONLY|LOADING|UNBLOCKED/.test(error.message),
    lazyConnect: true,
  };
  const redis = new Redis(url, options);
  if (isTracing()) traceCommands(redis);
  let down = false;
  redis.on('error', (error: Error) => {
    if (!down) logger.warn({ err: error, redis: name }, 'redis connection lost');
    down = true;
  });
  redis.on('ready', () => {
    if (down) logger.info({ redis: name }, 'redis connection restored');
    down = false;
  });
  return redis;
}
