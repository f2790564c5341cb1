import { inTransaction } from '@wa-gate/db';
import { createTestDatabase, migrateFrom, type TestDatabase } from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectWorker, removeWorker } from './administration.ts';
import { beginDraining, endLease, renewLease } from './leases.ts';
import { fleetTools, NO_LOAD, SLOW_TIMING, someoneWaitsForALock } from './testing/fleet.ts';
import { noteWorkerChanges } from './worker-events.ts';
import { setWorkerAdminState } from './workers.ts';

let database: TestDatabase;
const { reset, register, seed, place, expire } = fleetTools(() => database);
beforeAll(async () => {
  database = await createTestDatabase({ max: 20 });
});
afterAll(() => database?.drop());
beforeEach(async () => {
  await reset();
  await database.pool.query('DELETE FROM removed_workers; DELETE FROM worker_events');
});

const note = () => noteWorkerChanges(database.pool, SLOW_TIMING);
const renew = (incarnation: number) =>
  renewLease(database.pool, { workerId: 'w1', incarnation, ttlMs: SLOW_TIMING.leaseTtlMs }, NO_LOAD);
const expectIt = (workerId: string, hasProvisionalId = false) =>
  inTransaction(database.pool, (tx) =>
    expectWorker(
      tx,
      {
        workerId,
        hasProvisionalId,
        endpoint: 'http://127.0.0.1/w1',
        network: 'SANDBOX',
        maxSessions: 7,
        description: null,
      },
      50,
    ),
  );
interface Logged {
  seq: number;
  workerId: string;
  type: string;
  data: Record<string, unknown>;
}
const log = async () =>
  (await database.pool.query<Logged>('SELECT seq, worker_id AS "workerId", type, data FROM worker_events ORDER BY seq'))
    .rows;
/** Of each event its name, and what tells it from others of that name. */
const told = async () =>
  (await log()).map(({ type, data }) =>
    [type.replace('worker.', ''), ...[data.cause, data.after].filter(Boolean)].join(' '),
  );

describe('the log of the workers', () => {
  it('has each process life with its end, however it came, and online and offline alternate', async () => {
    await register('w1');
    await endLease(database.pool, { workerId: 'w1', incarnation: 1 }, 'goodbye');
    await endLease(database.pool, { workerId: 'w1', incarnation: 1 }, 'connection refused');
    await register('w1');
    // Its process was killed, and is back before anybody has noticed.
    await register('w1');
    expect(await told()).toEqual([
      'online registered',
      'offline goodbye',
      'online registered',
      'offline newer incarnation',
      'online registered',
    ]);
    expect((await log()).map(({ data }) => data.incarnation)).toEqual([1, 1, 2, 2, 3]);
    expect((await log())[0]!.data).toMatchObject({ endpoint: expect.stringContaining('w1'), network: 'sandbox' });
  });

  it('has a lease that has expired once, however many gateways look, and its return', async () => {
    await register('w1');
    await seed(3);
    await place();
    await expire('w1');
    await Promise.all([note(), note(), note()]);
    await note();
    expect(await told()).toEqual(['online registered', 'offline lease expired']);
    expect((await log())[1]!.data).toEqual({ cause: 'lease expired', incarnation: 1, sessions: 3 });
    await renew(1);
    await renew(1);
    await note();
    expect((await told()).slice(2)).toEqual(['online heard again']);
    await expire('w1');
    await note();
    await register('w1');
    expect((await told()).slice(3)).toEqual(['offline lease expired', 'online registered']);
  });

  it('has no word of a lease that is renewed before it is over, nor of renewals', async () => {
    await register('w1');
    await expire('w1', 1);
    await note();
    await renew(1);
    await renew(1);
    expect(await told()).toEqual(['online registered']);
  });

  it('has a process that shuts down, with the sessions that it hands over', async () => {
    await register('w1');
    await seed(2);
    await place();
    await beginDraining(database.pool, { workerId: 'w1', incarnation: 1 });
    await beginDraining(database.pool, { workerId: 'w1', incarnation: 1 });
    expect((await log()).slice(1).map(({ type, data }) => ({ type, data }))).toEqual([
      { type: 'worker.stopping', data: { incarnation: 1, sessions: 2 } },
    ]);
  });

  it('has what administrators set, and that a worker is drained once its sessions have left', async () => {
    await register('w1');
    await seed(1);
    await place();
    await setWorkerAdminState(database.pool, 'w1', 'DRAINING');
    await setWorkerAdminState(database.pool, 'w1', 'DRAINING');
    await note();
    expect(await told()).toEqual(['online registered', 'state draining']);
    await database.pool.query(
      `UPDATE session_placements SET state = 'UNASSIGNED', worker_id = NULL, incarnation = NULL`,
    );
    await Promise.all([note(), note()]);
    await setWorkerAdminState(database.pool, 'w1', 'ACTIVE');
    await note();
    await setWorkerAdminState(database.pool, 'w1', 'MAINTENANCE');
    await note();
    expect((await told()).slice(2)).toEqual(['drained', 'state active', 'state maintenance', 'drained']);
  });

  it('has workers that are added and removed; one that was expected without a name comes under its own', async () => {
    await expectIt('expected', true);
    await register('w1');
    await inTransaction(database.pool, (tx) => removeWorker(tx, 'w1', { force: false, timing: SLOW_TIMING }));
    expect((await log()).map(({ workerId, type }) => `${workerId} ${type}`)).toEqual([
      'expected worker.added',
      'w1 worker.online',
      'w1 worker.removed',
    ]);
    expect((await log())[0]!.data).toEqual({ endpoint: 'http://127.0.0.1/w1', network: 'sandbox', maxSessions: 7 });
  });

  it('has nothing of a transaction that failed', async () => {
    await register('w1');
    const failed = inTransaction(database.pool, async (tx) => {
      await setWorkerAdminState(tx, 'w1', 'CORDONED');
      throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    expect(await told()).toEqual(['online registered']);
  });

  it('shows its events in the order of `seq`: a reader that goes on behind the last one misses none', async () => {
    await register('w1');
    await register('w2');
    const client = await database.pool.connect();
    try {
      // Another event of this log that is about to be committed.
      await client.query(`BEGIN; SELECT append_worker_event('w1', 'worker.state', '{}')`);
      const second = setWorkerAdminState(database.pool, 'w2', 'CORDONED');
      await someoneWaitsForALock(database.pool, 'UPDATE workers%');
      const before = (await log()).at(-1)!.seq;
      await client.query('COMMIT');
      await second;
      const after = (await log()).filter(({ seq }) => seq > before);
      expect(after.map(({ workerId }) => workerId)).toEqual(['w1', 'w2']);
    } finally {
      client.release(true);
    }
  });

  it('holds up nobody before the commit: a change of one worker waits for no unfinished change of another', async () => {
    await register('w1');
    await register('w2');
    const client = await database.pool.connect();
    try {
      await client.query('BEGIN');
      await setWorkerAdminState(client, 'w1', 'CORDONED');
      await setWorkerAdminState(database.pool, 'w2', 'CORDONED');
      expect((await log()).at(-1)).toMatchObject({ workerId: 'w2', type: 'worker.state' });
      await client.query('COMMIT');
      expect((await log()).at(-1)).toMatchObject({ workerId: 'w1', type: 'worker.state' });
    } finally {
      client.release(true);
    }
  });
});

it('its migrations end beside a worker that registers, which locks its row and then its lease', async () => {
  const first = '20261130080000_worker_events';
  const before = await createTestDatabase({ before: first });
  const registration = await before.pool.connect();
  try {
    await registration.query('BEGIN');
    await registration.query('SELECT FROM workers FOR UPDATE');
    const migrated = migrateFrom(before.pool, first);
    await someoneWaitsForALock(before.pool, '%workers%');
    await registration.query(`SET LOCAL statement_timeout = '20s'`);
    await registration.query('SELECT FROM worker_leases FOR UPDATE');
    await registration.query('COMMIT');
    await migrated;
    const { rows } = await before.pool.query(
      `SELECT column_name AS name FROM information_schema.columns WHERE column_name IN ('offline_at', 'drained_at') ORDER BY 1`,
    );
    expect(rows).toEqual([{ name: 'drained_at' }, { name: 'offline_at' }]);
  } finally {
    registration.release(true);
    await before.drop();
  }
});
