import { createLogger, createRedis, type Redis, redisKeys } from '@wa-gate/kit';
import {
  createTestDatabase,
  createTestRedis,
  seedSession,
  type TestDatabase,
  workerRegistration,
} from '@wa-gate/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { placeSession } from './assign.ts';
import { beginRelease } from './handover.ts';
import { releaseSession } from './placements.ts';
import { registerWorker } from './registration.ts';
import { createRouteTable } from './route-table.ts';
import { SLOW_TIMING } from './testing/fleet.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
let database: TestDatabase;
let redis: Redis;
let sessionId: string;

beforeAll(async () => {
  database = await createTestDatabase();
  await registerWorker(database.pool, workerRegistration('w1'), SLOW_TIMING);
});
afterAll(() => database?.drop());
beforeEach(async () => {
  redis = await createTestRedis();
  ({ sessionId } = await seedSession(database.pool));
});
afterEach(() => redis.disconnect());

const table = (client = redis) => createRouteTable({ db: database.pool, redis: client, logger });
const place = () => placeSession(database.pool, sessionId);

describe('a route (MR-142, MR-168)', () => {
  it('is found in PostgreSQL, and left in Redis for the other gateways', async () => {
    await place();
    const route = { workerId: 'w1', endpoint: 'http://127.0.0.1/w1', incarnation: 1, epoch: 1 };
    expect(await table().resolve(sessionId)).toEqual(route);
    expect(await redis.hgetall(redisKeys.route(sessionId))).toMatchObject({ workerId: 'w1', epoch: '1' });
    await releaseSession(database.pool, sessionId, 'test');
    expect(await table().resolve(sessionId)).toEqual(route);
  });

  it('is read again from PostgreSQL once forgotten (I6)', async () => {
    await place();
    const routes = table();
    await routes.resolve(sessionId);
    await releaseSession(database.pool, sessionId, 'test');
    await place();
    expect(await routes.resolve(sessionId)).toMatchObject({ epoch: 1 });
    await routes.forget(sessionId);
    expect(await routes.resolve(sessionId)).toMatchObject({ epoch: 3 });
  });

  it('I6 is read from PostgreSQL once forgotten, though a slow gateway writes the old one into Redis again', async () => {
    await place();
    const routes = table();
    const old = (await routes.resolve(sessionId))!;
    await releaseSession(database.pool, sessionId, 'test');
    await place();
    await routes.forget(sessionId);
    await redis.hset(redisKeys.route(sessionId), { ...old });
    expect(await routes.resolve(sessionId)).toMatchObject({ epoch: 3 });
    expect(await redis.hget(redisKeys.route(sessionId), 'epoch')).toBe('3');
  });

  it('leads to an owner that is asked to hand the session over', async () => {
    await place();
    await beginRelease(database.pool, [sessionId], 'drain');
    expect(await table().resolve(sessionId)).toMatchObject({ workerId: 'w1', epoch: 1 });
  });

  it('is null while nobody hosts the session, and that is not remembered', async () => {
    const routes = table();
    expect(await routes.resolve(sessionId)).toBeNull();
    await place();
    expect(await routes.resolve(sessionId)).toMatchObject({ epoch: 1 });
  });

  it('is found without Redis (I10)', async () => {
    await place();
    const nowhere = createRedis({ url: 'redis://127.0.0.1:1', logger, name: 'test' });
    const routes = table(nowhere);
    expect(await routes.resolve(sessionId)).toMatchObject({ workerId: 'w1' });
    await routes.forget(sessionId);
    expect(await routes.resolve(sessionId)).toMatchObject({ workerId: 'w1' });
    nowhere.disconnect();
  });
});
