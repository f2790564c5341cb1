import { createInstruments, createLogger, createRedis, type Redis, systemClock } from '@wa-gate/kit';
import { SQL_INVARIANTS } from '@wa-gate/messaging';
import {
  createFaultProxy,
  createTestDatabase,
  createTestRedis,
  type FaultProxy,
  seedSession,
  type TestDatabase,
  testRedisUrl,
} from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createJobsMetrics } from '../../metrics/index.ts';
import { createInvariantWatch } from './index.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
let database: TestDatabase;
let redis: Redis;
let line: FaultProxy;

beforeAll(async () => {
  database = await createTestDatabase();
  line = await createFaultProxy(testRedisUrl());
  redis = createRedis({ url: line.url, logger, name: 'test' });
  await redis.connect();
  await seedSession(database.pool, { state: 'CONNECTED' });
});
beforeEach(async () => {
  (await createTestRedis()).disconnect();
});
afterAll(async () => {
  redis?.disconnect();
  await line?.close();
  await database?.drop();
});

function createReplica() {
  const instruments = createInstruments({ service: 'test', version: '1' });
  const metrics = createJobsMetrics(instruments, database.pool);
  const watch = createInvariantWatch({ pool: database.pool, redis, clock: systemClock, logger, metrics });
  const shown = async () =>
    (await instruments.registry.metrics())
      .split('\n')
      .filter((sample) => sample.startsWith('wag_invariant_violations{'))
      .map((sample) => /invariant="([^"]+)".* (\d+)$/.exec(sample)!)
      .map(([, name, count]) => `${name} ${count}`);
  return { watch, shown };
}

it('shows each invariant with the number of rows that break it', async () => {
  const { watch, shown } = createReplica();
  expect(await watch.look()).toBe(true);
  // The session that was seeded is paired and has no credentials.
  const expected = SQL_INVARIANTS.map(({ name }) => `${name} ${name === 'paired-without-credentials' ? 1 : 0}`);
  expect((await shown()).sort()).toEqual(expected.sort());
});

it('is one look a minute for all replicas; those that do not look show nothing', async () => {
  const [one, two] = [createReplica(), createReplica()];
  expect(await one.watch.look()).toBe(true);
  expect(await two.watch.look()).toBe(false);
  expect(await two.shown()).toEqual([]);
  expect(await one.shown()).toHaveLength(SQL_INVARIANTS.length);
});

it('looks without Redis too (I10)', async () => {
  const { watch, shown } = createReplica();
  line.set('refuse');
  expect(await watch.look()).toBe(true);
  expect(await shown()).toHaveLength(SQL_INVARIANTS.length);
  line.set('forward');
});
