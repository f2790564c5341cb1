import type { Pool } from '@wa-gate/db';
import { createLogger, createRedis } from '@wa-gate/kit';
import { createTestDatabase } from '@wa-gate/testkit';

/** The PostgreSQL database and the Redis database of one system. */
export interface Services {
  databaseUrl: string;
  redisUrl: string;
  /** The harness's own way into the database, past everything that is tested. */
  pool: Pool;
  release(): Promise<void>;
}

/** The last of the sixteen that every Redis has; the first ones belong to the integration tests. */
const REDIS_DATABASE = '/15';

/**
 * A fresh migrated database and an emptied Redis database on the servers given, else on the test services. The Redis
 * URL may name the database; scenario files run one after the other, so one is enough.
 */
export async function prepareServices(servers?: { databaseUrl: string; redisUrl: string }): Promise<Services> {
  const given = servers?.redisUrl ?? process.env.TEST_REDIS_URL;
  if (!given)
    throw new Error('TEST_REDIS_URL is not set: run the scenarios with `.ci/run`, which starts a Redis for them.');
  const redisUrl = new URL(given);
  if (redisUrl.pathname === '' || redisUrl.pathname === '/') redisUrl.pathname = REDIS_DATABASE;
  await emptyRedis(redisUrl.href);
  const database = await createTestDatabase({ max: 4, ...(servers && { maintenanceUrl: servers.databaseUrl }) });
  return { databaseUrl: database.url, redisUrl: redisUrl.href, pool: database.pool, release: () => database.drop() };
}

async function emptyRedis(url: string): Promise<void> {
  const redis = createRedis({ url, logger: createLogger({ service: 'e2e', level: 'silent' }), name: 'e2e' });
  await redis.connect();
  await redis.flushdb();
  redis.disconnect();
}
