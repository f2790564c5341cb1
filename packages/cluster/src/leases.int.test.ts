import { createTestDatabase, type TestDatabase, waitFor, workerRegistration } from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { placeSession } from './assign.ts';
import { beginDraining, endLease, renewLease, renewLeaseCounting, storeMessageCount } from './leases.ts';
import { myPlacements } from './placements.ts';
import { EndpointTakenError, LeaseHeldError } from './registration.ts';
import { fleetTools, NO_LOAD, readPlacements, SLOW_TIMING } from './testing/fleet.ts';
import { listWorkers, setWorkerAdminState, workersWithLease } from './workers.ts';

let database: TestDatabase;
const { reset, register, seed, place, expire } = fleetTools(() => database);
const renew = (workerId: string, incarnation: number) =>
  renewLease(database.pool, { workerId, incarnation, ttlMs: SLOW_TIMING.leaseTtlMs }, NO_LOAD);
const end = (workerId: string, incarnation: number) => endLease(database.pool, { workerId, incarnation }, 'test');

beforeAll(async () => {
  database = await createTestDatabase({ max: 20 });
});
afterAll(() => database?.drop());
beforeEach(() => reset());

describe('a worker that comes back at its endpoint', () => {
  it('I1 gets its sessions under its new incarnation, each epoch moved by one', async () => {
    await register('w1');
    const sessions = await seed(3);
    await place();
    expect(await myPlacements(database.pool, 'w1', 1)).toHaveLength(3);

    expect(await register('w1')).toMatchObject({ incarnation: 2 });
    expect(await myPlacements(database.pool, 'w1', 1)).toEqual([]);
    const mine = await myPlacements(database.pool, 'w1', 2);
    expect(mine.map(({ sessionId }) => sessionId).sort()).toEqual(sessions.sort());
    for (const placement of mine)
      expect(placement).toMatchObject({ epoch: 2, state: 'ASSIGNED', reason: 'worker restarted' });
  });

  it('ends the lease of its former life at once', async () => {
    await register('w1');
    await register('w1');
    expect(await renew('w1', 1)).toBe(false);
    expect(await end('w1', 1)).toBe(false);
    expect(await renew('w1', 2)).toBe(true);
  });

  it('I9 keeps only what fits into its new capacity and network', async () => {
    await register('w1');
    await seed(3);
    await place();
    await register('w1', { maxSessions: 2 });
    const rows = await readPlacements(database.pool);
    expect(rows.map(({ epoch }) => epoch)).toEqual([2, 2, 2]);
    expect(rows.map(({ state }) => state).sort()).toEqual(['ASSIGNED', 'ASSIGNED', 'UNASSIGNED']);
    await register('w1', { network: 'LIVE' });
    expect(await myPlacements(database.pool, 'w1', 3)).toEqual([]);
  });

  it('after an end it has a lease again', async () => {
    await register('w1');
    await end('w1', 1);
    expect(await renew('w1', 1)).toBe(false);
    await register('w1');
    expect(await renew('w1', 2)).toBe(true);
  });
});

describe('what is known of the process life before', () => {
  it('is whether it said goodbye, and how long it lived', async () => {
    expect((await register('w1')).former).toBeUndefined();
    await database.pool.query(
      `UPDATE worker_leases SET started_at = now() - interval '90 s', renewed_at = now() - interval '3 s'`,
    );
    const { former } = await register('w1');
    expect(former).toMatchObject({ incarnation: 1, hasEnded: false });
    expect(former!.livedSeconds).toBeCloseTo(87, 0);
    // The columns are rounded to milliseconds.
    expect(former!.silentSeconds).toBeGreaterThan(2.99);
    await end('w1', 2);
    expect((await register('w1')).former).toMatchObject({ incarnation: 2, hasEnded: true });
  });

  it('is how many messages the worker has had, also after a crash (MR-018)', async () => {
    const lease = (incarnation: number) => ({ workerId: 'w1', incarnation, ttlMs: SLOW_TIMING.leaseTtlMs });
    const count = (incarnation: number, messages: number) =>
      renewLeaseCounting(database.pool, lease(incarnation), NO_LOAD, messages);
    await register('w1');
    expect(await count(1, 0)).toEqual({ messageCount: 0 });
    expect(await count(1, 3_000_000_000)).toEqual({ messageCount: 3_000_000_000 });
    // A renewal that was held up comes late.
    expect(await count(1, 17)).toEqual({ messageCount: 3_000_000_000 });
    await register('w1');
    expect(await count(1, 3_000_000_001)).toBeNull();
    expect(await count(2, 0)).toEqual({ messageCount: 3_000_000_000 });
    await endLease(database.pool, lease(2), 'goodbye');
    await storeMessageCount(database.pool, lease(2), 3_000_000_005);
    await register('w1');
    expect(await count(3, 0)).toEqual({ messageCount: 3_000_000_005 });
  });
});

describe('a worker that registers from another endpoint', () => {
  const elsewhere = { endpoint: 'http://127.0.0.1/elsewhere' };

  it('has to wait while the lease of its id is held, also within the grace', async () => {
    await register('w1');
    await expect(register('w1', elsewhere)).rejects.toThrow(LeaseHeldError);
    await expire('w1', SLOW_TIMING.takeoverGraceMs / 2);
    await expect(register('w1', elsewhere)).rejects.toThrow(LeaseHeldError);
    expect(await renew('w1', 1)).toBe(true);
    expect(await listWorkers(database.pool)).toMatchObject([{ incarnation: 1, endpoint: 'http://127.0.0.1/w1' }]);
  });

  it.each([
    ['ended', () => end('w1', 1)],
    ['expired', () => expire('w1')],
  ])('begins its life when the lease has %s', async (_how, change) => {
    await register('w1');
    await seed(1);
    await place();
    await change();
    expect(await register('w1', elsewhere)).toMatchObject({ incarnation: 2 });
    expect(await myPlacements(database.pool, 'w1', 2)).toMatchObject([{ epoch: 2 }]);
  });

  const third = { endpoint: 'http://127.0.0.1/third' };
  const oneOf = async (registrations: ReturnType<typeof register>[]) => {
    const results = await Promise.allSettled(registrations);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { name: 'LeaseHeldError' } });
  };

  it('loses against another that registers a new id at the same moment', async () => {
    await oneOf([register('w1', elsewhere), register('w1', third)]);
  });

  it('loses against another that takes over the ended lease at the same moment', async () => {
    await register('w1');
    await end('w1', 1);
    const holder = await database.pool.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT 1 FROM workers FOR UPDATE');
    const registrations = [register('w1', elsewhere), register('w1', third)];
    const waiting = async () =>
      (
        await database.pool.query(
          `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
        )
      ).rowCount === 2;
    await waitFor(waiting);
    await holder.query('COMMIT');
    holder.release();
    await oneOf(registrations);
  });
});

it('the endpoint of another worker is taken', async () => {
  await register('w1');
  const { endpoint } = workerRegistration('w1');
  await expect(register('w2', { endpoint })).rejects.toThrow(EndpointTakenError);
  await register('w2');
  await end('w2', 1);
  await expect(register('w2', { endpoint })).rejects.toThrow(EndpointTakenError);
});

describe('the lease of one life', () => {
  it('is ended once, and no renewal revives it', async () => {
    await register('w1');
    expect(await Promise.all([end('w1', 1), end('w1', 1)])).toEqual(expect.arrayContaining([true, false]));
    expect(await renew('w1', 1)).toBe(false);
    expect(await beginDraining(database.pool, { workerId: 'w1', incarnation: 1 })).toBe(false);
    expect(await listWorkers(database.pool)).toMatchObject([{ online: false }]);
  });

  it('of a new life is not ended by evidence about the former one', async () => {
    await register('w1');
    await register('w1');
    expect(await end('w1', 1)).toBe(false);
    expect(await listWorkers(database.pool)).toMatchObject([{ online: true, incarnation: 2 }]);
  });
});

it('control streams go to whoever may be alive, and to the dead that still hold sessions', async () => {
  await register('a');
  await seed(1);
  await place();
  await Promise.all([register('b'), register('c'), register('d')]);
  await expire('a');
  await expire('b');
  await end('c', 1);
  const ids = async () => (await workersWithLease(database.pool)).map(({ workerId }) => workerId);
  expect(await ids()).toEqual(['a', 'd']);
  await end('a', 1);
  expect(await ids()).toEqual(['d']);
});

it('an administrator changes the state of a worker that exists', async () => {
  await register('w1');
  expect(await setWorkerAdminState(database.pool, 'w1', 'CORDONED')).toEqual({ before: 'ACTIVE', after: 'CORDONED' });
  const untouched = { before: 'CORDONED', after: 'CORDONED' };
  expect(await setWorkerAdminState(database.pool, 'w1', 'ACTIVE', 'MAINTENANCE')).toEqual(untouched);
  expect(await listWorkers(database.pool)).toMatchObject([{ adminState: 'CORDONED' }]);
  expect(await setWorkerAdminState(database.pool, 'nobody', 'ACTIVE')).toBeNull();
});

it('a worker does not host what its user has stopped', async () => {
  await register('w1');
  const [sessionId] = await seed(1);
  await placeSession(database.pool, sessionId!);
  await database.pool.query(`UPDATE sessions SET desired_state = 'STOPPED' WHERE id = $1`, [sessionId]);
  expect(await myPlacements(database.pool, 'w1', 1)).toEqual([]);
});
