import { createLogger, createRedis, type Redis } from '@wa-gate/kit';

/** Databases 1… are for vitest workers; 0 stays free for manual use. */
const DATABASES = 15;

/** URL of a Redis database that belongs to this vitest worker. */
export function testRedisUrl(): string {
  const url = process.env.TEST_REDIS_URL;
  if (!url) throw new Error('TEST_REDIS_URL is not set: run the tests with `npm test`, which starts a Redis for them.');
  const copy = new URL(url);
  copy.pathname = `/${1 + (Number(process.env.VITEST_POOL_ID ?? 1) % DATABASES)}`;
  return copy.href;
}

/** Connects to the Redis database of this vitest worker and empties it. */
export async function createTestRedis(): Promise<Redis> {
  const redis = createRedis({
    url: testRedisUrl(),
    logger: createLogger({ service: 'test', level: 'silent' }),
    name: 'test',
  });
  await redis.connect();
  await redis.flushdb();
  return redis;
}
