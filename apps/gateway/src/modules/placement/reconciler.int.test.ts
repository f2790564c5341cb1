import { createRouteTable, DEFAULT_TIMING } from '@wa-gate/cluster';
import { createLogger, redisKeys, systemClock } from '@wa-gate/kit';
import { waitFor } from '@wa-gate/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createGatewayMetrics } from '../../metrics.ts';
import { createGatewayFixture, type GatewayFixture, type TestUser } from '../../testing/gateway-fixture.ts';
import { createPlacementService, createReconciler } from './index.ts';

let fixture: GatewayFixture;
let user: TestUser;
beforeAll(async () => {
  fixture = await createGatewayFixture();
  user = await fixture.register();
  await fixture.startWorker('worker-1');
  fixture.gateway.start();
});
afterAll(() => fixture?.close());

const workersOf = async () =>
  (
    await fixture.database.pool.query<{ worker_id: string | null; epoch: number }>(
      'SELECT worker_id, epoch FROM session_placements ORDER BY session_id',
    )
  ).rows;

it('places what waits when its bell rings, each session once, however many reconcile (MR-170)', async () => {
  await fixture.database.pool.query('UPDATE workers SET max_sessions = 0');
  for (let i = 0; i < 5; i += 1) await fixture.createSession(user);
  expect((await workersOf()).every(({ worker_id }) => worker_id === null)).toBe(true);
  const logger = createLogger({ service: 'test', level: 'silent' });
  const routes = createRouteTable({ db: fixture.database.pool, redis: fixture.redis, logger });
  const placement = createPlacementService({
    pool: fixture.database.pool,
    routes,
    strategy: 'least-loaded',
    timing: DEFAULT_TIMING,
    ringWorker: () => undefined,
  });
  const metrics = createGatewayMetrics(fixture.database.pool);
  const timing = { reconcileEveryMs: 60_000 };
  const another = createReconciler({ placement, clock: systemClock, logger, metrics, timing });
  another.start();
  await fixture.database.pool.query('UPDATE workers SET max_sessions = 50');
  another.ring();
  await fixture.redis.publish(redisKeys.reconcileBell(), '');
  await waitFor(async () => (await workersOf()).every(({ worker_id }) => worker_id === 'worker-1'));
  await another.stop();
  expect((await workersOf()).map(({ epoch }) => epoch)).toEqual([1, 1, 1, 1, 1]);
});
