import { createPool, type Pool } from '@wa-gate/db';
import { createLogger, createRedis, newId } from '@wa-gate/kit';
import { createTestDatabase } from '@wa-gate/testkit';
import { migrate } from './checkout.ts';

/** The PostgreSQL database and the Redis database of one system. */
export interface Services {
  databaseUrl: string;
  redisUrl: string;
  /** The harness's own way into the database, past everything that is tested. */
  pool: Pool;
  release(): Promise<void>;
}

/** The last of the sixteen that every Redis has; the first ones belong to the integration tests. */
const LAST_REDIS_DATABASE = 15;
/** Of this process of vitest: scenarios that stand side by side have one each. */
const redisDatabase = () => `/${LAST_REDIS_DATABASE + 1 - Number(process.env.VITEST_POOL_ID ?? 1)}`;

/**
 * A fresh migrated database and an emptied Redis database on the servers given, else on the test services. The Redis
 * URL may name the database, for files that run one after the other.
 *
 * @param checkout the database is made by the migrations of this checkout, as its launcher makes it, without anything
 *   that tests add
 */
export async function prepareServices(
  servers?: { databaseUrl: string; redisUrl: string },
  checkout?: string,
): Promise<Services> {
  const given = servers?.redisUrl ?? process.env.TEST_REDIS_URL;
  if (!given)
    throw new Error('TEST_REDIS_URL is not set: run the scenarios with `.ci/run`, which starts a Redis for them.');
  const redisUrl = new URL(given);
  if (redisUrl.pathname === '' || redisUrl.pathname === '/') redisUrl.pathname = redisDatabase();
  await emptyRedis(redisUrl.href);
  const database =
    checkout === undefined
      ? await createTestDatabase({ max: 4, ...(servers && { maintenanceUrl: servers.databaseUrl }) })
      : await createMigratedDatabase(checkout, servers?.databaseUrl ?? process.env.TEST_DATABASE_URL!);
  return { databaseUrl: database.url, redisUrl: redisUrl.href, pool: database.pool, release: () => database.drop() };
}

async function createMigratedDatabase(checkout: string, maintenanceUrl: string) {
  const name = `wa_gate_${newId().replaceAll('-', '')}`;
  const url = new URL(maintenanceUrl);
  url.pathname = `/${name}`;
  await migrate(checkout, url.href);
  const pool = createPool({ url: url.href, name: 'e2e', max: 4 });
  return {
    url: url.href,
    pool,
    async drop() {
      await pool.end();
      const admin = createPool({ url: maintenanceUrl, name: 'e2e', max: 1 });
      await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await admin.end();
    },
  };
}

async function emptyRedis(url: string): Promise<void> {
  const redis = createRedis({ url, logger: createLogger({ service: 'e2e', level: 'silent' }), name: 'e2e' });
  await redis.connect();
  await redis.flushdb();
  redis.disconnect();
}
