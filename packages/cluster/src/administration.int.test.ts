import { inTransaction } from '@wa-gate/db';
import { createTestDatabase, type TestDatabase } from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  expectWorker,
  NoRoomElsewhereError,
  removeWorker,
  setCapacity,
  WorkerExistsError,
  WorkerNotEmptyError,
} from './administration.ts';
import { endLease, renewLease } from './leases.ts';
import { myPlacements } from './placements.ts';
import { EndpointTakenError, WorkerRemovedError } from './registration.ts';
import { fleetTools, NO_LOAD, readPlacements, SLOW_TIMING, someoneWaitsForALock } from './testing/fleet.ts';
import { listWorkers, setWorkerAdminState } from './workers.ts';

let database: TestDatabase;
const { reset, register, seed, place, expire, countByWorker } = fleetTools(() => database);
beforeAll(async () => {
  database = await createTestDatabase({ max: 20 });
});
afterAll(() => database?.drop());
beforeEach(async () => {
  await reset();
  await database.pool.query('DELETE FROM removed_workers');
});

const remove = (workerId: string, force = false) =>
  inTransaction(database.pool, (tx) => removeWorker(tx, workerId, { force, timing: SLOW_TIMING }));
const resize = (workerId: string, maxSessions: number) =>
  inTransaction(database.pool, (tx) =>
    setCapacity(tx, workerId, maxSessions, { strategy: 'least-loaded', timing: SLOW_TIMING }),
  );
const expectIt = (workerId: string, overrides: Partial<Parameters<typeof expectWorker>[1]> = {}) =>
  inTransaction(database.pool, (tx) =>
    expectWorker(
      tx,
      {
        workerId,
        hasProvisionalId: false,
        endpoint: `http://127.0.0.1/${workerId}`,
        network: 'SANDBOX',
        maxSessions: null,
        description: null,
        ...overrides,
      },
      50,
    ),
  );
const views = async () =>
  (await listWorkers(database.pool)).map(({ workerId, maxSessions, incarnation }) => ({
    workerId,
    maxSessions,
    incarnation,
  }));

describe('an entry of an administrator (MR-016)', () => {
  it('is a worker without a lease until that worker registers, and its capacity lasts', async () => {
    await expectIt('w1', { maxSessions: 7 });
    expect(await views()).toEqual([{ workerId: 'w1', maxSessions: 7, incarnation: null }]);
    await register('w1', { maxSessions: 100 });
    await register('w1', { maxSessions: 200 });
    expect(await views()).toEqual([{ workerId: 'w1', maxSessions: 7, incarnation: 2 }]);
  });

  it('without a capacity takes what the worker says', async () => {
    await expectIt('w1');
    await register('w1', { maxSessions: 9 });
    expect(await views()).toEqual([{ workerId: 'w1', maxSessions: 9, incarnation: 1 }]);
  });

  it('for an endpoint alone goes over to the worker that comes there, with what was set', async () => {
    await expectIt('worker-ext-1', {
      hasProvisionalId: true,
      endpoint: 'http://127.0.0.1/w1',
      maxSessions: 7,
      description: 'rack 3',
    });
    await setWorkerAdminState(database.pool, 'worker-ext-1', 'MAINTENANCE');
    await register('w1');
    expect(await listWorkers(database.pool)).toMatchObject([
      { workerId: 'w1', maxSessions: 7, description: 'rack 3', adminState: 'MAINTENANCE', incarnation: 1 },
    ]);
  });

  it('with an id keeps its endpoint for that worker', async () => {
    await expectIt('w1', { endpoint: 'http://127.0.0.1/w2' });
    await expect(register('w2')).rejects.toThrow(EndpointTakenError);
  });

  it('is refused for an id or an endpoint that is there', async () => {
    await register('w1');
    await expect(expectIt('w1', { endpoint: 'http://127.0.0.1/x' })).rejects.toThrow(WorkerExistsError);
    await expect(expectIt('w2', { endpoint: 'http://127.0.0.1/w1' })).rejects.toThrow(EndpointTakenError);
  });
});

describe('a worker that is removed (MR-019)', () => {
  it('cannot renew its lease any more, and may not come back until it is added again', async () => {
    await register('w1');
    expect(await remove('w1')).toEqual({ endpoint: 'http://127.0.0.1/w1', wasRunning: true, sessionIds: [] });
    const renewed = await renewLease(
      database.pool,
      { workerId: 'w1', incarnation: 1, ttlMs: SLOW_TIMING.leaseTtlMs },
      { ...NO_LOAD },
    );
    expect([renewed, await views()]).toEqual([false, []]);
    await expect(register('w1')).rejects.toThrow(WorkerRemovedError);
    expect(await views()).toEqual([]);
    await expectIt('w1');
    expect(await register('w1')).toMatchObject({ incarnation: 2 });
  });

  it('may come back at an endpoint that an administrator has added', async () => {
    await register('w1');
    await remove('w1');
    await expectIt('worker-ext-1', { hasProvisionalId: true, endpoint: 'http://127.0.0.1/w1' });
    expect(await register('w1')).toMatchObject({ incarnation: 2 });
  });

  it.each([
    ['ended', () => endLease(database.pool, { workerId: 'w1', incarnation: 1 }, 'test')],
    ['expired', () => expire('w1')],
  ])('after its lease was over (%s) may come back; its incarnations go on (I1)', async (_how, end) => {
    await register('w1');
    await end();
    expect(await remove('w1')).toMatchObject({ wasRunning: false });
    expect(await register('w1')).toMatchObject({ incarnation: 2 });
    await remove('w1');
    await expectIt('w1');
    expect(await register('w1')).toMatchObject({ incarnation: 3 });
    // The first incarnation must not change the lease of the third.
    const first = { workerId: 'w1', incarnation: 1, ttlMs: SLOW_TIMING.leaseTtlMs };
    expect(await renewLease(database.pool, first, NO_LOAD)).toBe(false);
    expect(await myPlacements(database.pool, 'w1', 1)).toEqual([]);
  });

  it('keeps its sessions unless it is forced; then they wait, each epoch moved by one (I1)', async () => {
    await register('w1');
    const sessions = await seed(2);
    await place();
    await expect(remove('w1')).rejects.toThrow(new WorkerNotEmptyError(2));
    expect(await countByWorker()).toEqual({ w1: 2 });
    expect((await remove('w1', true))?.sessionIds.sort()).toEqual(sessions.sort());
    for (const row of await readPlacements(database.pool))
      expect(row).toMatchObject({ state: 'UNASSIGNED', epoch: 2, workerId: null, reason: 'worker removed' });
  });

  it('is nothing when nobody knows it', async () => {
    expect(await remove('nobody')).toBeNull();
  });

  it('and registers at the same moment, is refused', async () => {
    await register('w1');
    let registering: Promise<unknown> | undefined;
    await inTransaction(database.pool, async (tx) => {
      await removeWorker(tx, 'w1', { force: false, timing: SLOW_TIMING });
      registering = register('w1').catch((error: unknown) => error);
      await someoneWaitsForALock(database.pool, '%workers%');
    });
    expect(await registering).toBeInstanceOf(WorkerRemovedError);
    expect(await views()).toEqual([]);
  });
});

describe('a capacity that an administrator sets', () => {
  it('lasts over registrations', async () => {
    await register('w1');
    expect(await resize('w1', 5)).toEqual([]);
    await register('w1', { maxSessions: 80 });
    expect(await views()).toEqual([{ workerId: 'w1', maxSessions: 5, incarnation: 2 }]);
  });

  it('I9 moves what is too much to others at once, each epoch by one (I1)', async () => {
    await register('w1');
    await seed(6);
    await place();
    await register('w2', { maxSessions: 4 });
    const moved = await resize('w1', 2);
    expect(moved.map(({ workerId, from, epoch }) => [workerId, from, epoch])).toEqual(Array(4).fill(['w2', 'w1', 2]));
    expect(await countByWorker()).toEqual({ w1: 2, w2: 4 });
  });

  it('is refused when nobody has room for the rest, and nothing has changed', async () => {
    await register('w1');
    await seed(6);
    await place();
    await register('w2', { maxSessions: 3 });
    await expect(resize('w1', 2)).rejects.toThrow(new NoRoomElsewhereError(1));
    expect(await countByWorker()).toEqual({ w1: 6, w2: 0 });
    expect((await views())[0]?.maxSessions).toBe(50);
  });

  it('may be set for a worker that takes no sessions', async () => {
    await register('w1');
    await setWorkerAdminState(database.pool, 'w1', 'CORDONED');
    await resize('w1', 3);
    expect((await views())[0]?.maxSessions).toBe(3);
  });
});
