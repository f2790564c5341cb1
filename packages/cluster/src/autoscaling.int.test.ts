import { createTestDatabase, type TestDatabase } from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { surveyFleet } from './autoscaling.ts';
import { beginDraining, renewLease } from './leases.ts';
import { fleetTools, NO_LOAD, SLOW_TIMING } from './testing/fleet.ts';
import { setWorkerAdminState } from './workers.ts';

let database: TestDatabase;
const { reset, register, seed, place, expire } = fleetTools(() => database);
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(() => reset());

const surveyed = () => surveyFleet(database.pool, SLOW_TIMING);

it('sees who is ready, aside or offline, by network (MR-171)', async () => {
  for (const id of ['ready', 'cordoned', 'stopping', 'gone']) await register(id, { maxSessions: 10 });
  await register('live', { network: 'LIVE', maxSessions: 5 });
  await setWorkerAdminState(database.pool, 'cordoned', 'CORDONED');
  await beginDraining(database.pool, { workerId: 'stopping', incarnation: 1 });
  await expire('gone');
  const [live, sandbox] = await surveyed();
  expect(live).toMatchObject({ network: 'LIVE', sessions: 0, waiting: 0, workers: [{ kind: 'ready', capacity: 5 }] });
  expect(sandbox?.workers.map(({ kind }) => kind).sort()).toEqual(['aside', 'aside', 'offline', 'ready']);
});

it('counts sessions that should run, and those without a living worker', async () => {
  await register('w1', { maxSessions: 3 });
  await seed(5);
  await place();
  expect(await surveyed()).toMatchObject([{ network: 'SANDBOX', sessions: 5, waiting: 2 }]);
  await expire('w1');
  expect(await surveyed()).toMatchObject([{ sessions: 5, waiting: 5 }]);
});

it('leaves out the processor of a process that has just started', async () => {
  await register('w1');
  const busy = { ...NO_LOAD, cpuUsage: 90 };
  await renewLease(database.pool, { workerId: 'w1', incarnation: 1, ttlMs: SLOW_TIMING.leaseTtlMs }, busy);
  const cpu = async () => (await surveyed())[0]?.workers[0]?.cpuUsage;
  expect(await cpu()).toBeNull();
  await database.pool.query(`UPDATE worker_leases SET started_at = now() - interval '61 s'`);
  expect(await cpu()).toBe(90);
});
