import { createTestDatabase, seedSession, type TestDatabase, workerRegistration } from '@wa-gate/testkit';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { myPlacements, placeSession, releaseSession, unassignedSessions } from './placements.ts';
import { SCORE_SQL, scoreWorker } from './scoring.ts';
import { EndpointTakenError, endLease, listWorkers, registerWorker, renewLease } from './workers.ts';

const NO_LOAD = { cpuUsage: 0, memoryUsage: 0, eventLoopDelayMs: 0 };
let database: TestDatabase;

beforeEach(async () => {
  await database?.drop();
  database = await createTestDatabase({ max: 20 });
});
afterAll(() => database?.drop());

const register = (id: string, overrides: Parameters<typeof workerRegistration>[1] = {}) =>
  registerWorker(database.pool, workerRegistration(id, overrides), 60_000);
const seed = async (count: number) =>
  Promise.all(Array.from({ length: count }, async () => (await seedSession(database.pool)).sessionId));
const place = (sessionId: string, strategy?: 'round-robin') =>
  placeSession(database.pool, { sessionId, network: 'SANDBOX' }, strategy);
const countByWorker = async () =>
  Object.fromEntries((await listWorkers(database.pool)).map((worker) => [worker.workerId, worker.sessionCount]));

describe('placement (MR-166)', () => {
  it.each([undefined, 'round-robin' as const])('spreads sessions evenly (strategy %s)', async (strategy) => {
    await Promise.all([register('w1'), register('w2'), register('w3')]);
    for (const sessionId of await seed(9))
      expect(await place(sessionId, strategy)).toMatchObject({ sessionId, epoch: 1 });
    expect(await countByWorker()).toEqual({ w1: 3, w2: 3, w3: 3 });
  });

  it('never exceeds a capacity, however many place at once (I9, MR-089)', async () => {
    await Promise.all([register('w1', { maxSessions: 7 }), register('w2', { maxSessions: 5 })]);
    const placed = await Promise.all((await seed(30)).map((sessionId) => place(sessionId)));
    expect(await countByWorker()).toEqual({ w1: 7, w2: 5 });
    expect(placed.filter(Boolean)).toHaveLength(12);
    expect(await unassignedSessions(database.pool, 100)).toHaveLength(18);
  });

  it('places one session once when several gateways try (I1)', async () => {
    await Promise.all([register('w1'), register('w2')]);
    const [sessionId] = await seed(1);
    const results = await Promise.all(Array.from({ length: 8 }, () => place(sessionId!)));
    expect(results.filter(Boolean)).toHaveLength(1);
    const { rows } = await database.pool.query('SELECT epoch FROM session_placements WHERE session_id = $1', [
      sessionId,
    ]);
    expect(rows).toEqual([{ epoch: 1 }]);
  });

  it('passes over workers that are cordoned, draining, of the other network, or whose lease is over', async () => {
    await Promise.all([
      register('cordoned'),
      register('draining'),
      register('live', { network: 'LIVE' }),
      register('gone'),
    ]);
    await database.pool.query(`UPDATE workers SET admin_state = 'CORDONED' WHERE id = 'cordoned'`);
    await database.pool.query(`UPDATE worker_leases SET runtime_state = 'DRAINING' WHERE worker_id = 'draining'`);
    await endLease(database.pool, { workerId: 'gone', incarnation: 1 });
    const [sessionId] = await seed(1);
    expect(await place(sessionId!)).toBeNull();
    await register('fine');
    expect(await place(sessionId!)).toMatchObject({ workerId: 'fine' });
  });

  it('takes the loaded worker last, and scores in SQL as in code', async () => {
    await Promise.all([register('busy'), register('calm')]);
    const load = { cpuUsage: 70, memoryUsage: 40, eventLoopDelayMs: 90 };
    await renewLease(database.pool, { workerId: 'busy', incarnation: 1, ttlMs: 60_000 }, load);
    const sessions = await seed(3);
    for (const sessionId of sessions) expect(await place(sessionId)).toMatchObject({ workerId: 'calm' });
    const { rows } = await database.pool.query<{ id: string; score: number }>(
      `SELECT w.id, ${SCORE_SQL} AS score FROM workers w JOIN worker_leases l ON l.worker_id = w.id
       CROSS JOIN LATERAL (SELECT count(*) AS assigned FROM session_placements p WHERE p.worker_id = w.id) load ORDER BY w.id`,
    );
    expect(rows[0]!.score).toBeCloseTo(scoreWorker({ assigned: 0, capacity: 50, ...load }));
    expect(rows[1]!.score).toBeCloseTo(scoreWorker({ assigned: 3, capacity: 50, ...NO_LOAD }));
  });

  it('moves the epoch by one at each change and leaves a released session to be placed again (I1)', async () => {
    await register('w1');
    const [sessionId] = await seed(1);
    await place(sessionId!);
    await releaseSession(database.pool, sessionId!, 'test');
    await releaseSession(database.pool, sessionId!, 'again, changes nothing');
    expect(await unassignedSessions(database.pool, 10)).toEqual([{ sessionId, network: 'SANDBOX' }]);
    expect(await place(sessionId!)).toMatchObject({ epoch: 3 });
  });
});

describe('a worker that comes back', () => {
  it('gets its sessions under its new incarnation, each epoch moved by one (I1)', async () => {
    await register('w1');
    const sessions = await seed(3);
    for (const sessionId of sessions) await place(sessionId);
    expect(await myPlacements(database.pool, 'w1', 1)).toHaveLength(3);

    expect(await register('w1')).toEqual({ incarnation: 2 });
    expect(await myPlacements(database.pool, 'w1', 1)).toEqual([]);
    const mine = await myPlacements(database.pool, 'w1', 2);
    expect(mine.map((placement) => placement.sessionId).sort()).toEqual(sessions.sort());
    expect(mine.every((placement) => placement.epoch === 2)).toBe(true);
  });

  it('ends the lease of its former life', async () => {
    await register('w1');
    await register('w1');
    expect(await renewLease(database.pool, { workerId: 'w1', incarnation: 1, ttlMs: 60_000 }, NO_LOAD)).toBe(false);
    expect(await renewLease(database.pool, { workerId: 'w1', incarnation: 2, ttlMs: 60_000 }, NO_LOAD)).toBe(true);
  });

  it('does not take the endpoint of another worker', async () => {
    await register('w1');
    const impostor = { ...workerRegistration('w2'), endpoint: workerRegistration('w1').endpoint };
    await expect(registerWorker(database.pool, impostor, 60_000)).rejects.toThrow(EndpointTakenError);
  });

  it('does not host what its owner has stopped', async () => {
    await register('w1');
    const [sessionId] = await seed(1);
    await place(sessionId!);
    await database.pool.query(`UPDATE sessions SET desired_state = 'STOPPED' WHERE id = $1`, [sessionId]);
    expect(await myPlacements(database.pool, 'w1', 1)).toEqual([]);
  });
});
