import { createLogger, createRedis } from '@wa-gate/kit';
import { createTestDatabase } from '@wa-gate/testkit';

/** The PostgreSQL database and the Redis database of one system. */
export interface Services {
  databaseUrl: string;
  redisUrl: string;
  release(): Promise<void>;
}

/** The last of the sixteen that every Redis has; the first ones belong to the integration tests. */
const REDIS_DATABASE = '/15';

/**
 * A fresh migrated database and an emptied Redis database on the test services. `TEST_REDIS_URL` may name the database; scenario
 * files run one after the other, so one is enough.
 */
export async function prepareServices(): Promise<Services> {
  const given = process.env.TEST_REDIS_URL;
  if (!given)
    throw new Error('TEST_REDIS_URL is not set: run the scenarios with `.ci/run`, which starts a Redis for them.');
  const redisUrl = new URL(given);
  if (redisUrl.pathname === '' || redisUrl.pathname === '/') redisUrl.pathname = REDIS_DATABASE;
  await emptyRedis(redisUrl.href);
  const database = await createTestDatabase({ max: 2 });
  return { databaseUrl: database.url, redisUrl: redisUrl.href, release: () => database.drop() };
}

async function emptyRedis(url: string): Promise<void> {
  const redis = createRedis({ url, logger: createLogger({ service: 'e2e', level: 'silent' }), name: 'e2e' });
  await redis.connect();
  await redis.flushdb();
  redis.disconnect();
}
