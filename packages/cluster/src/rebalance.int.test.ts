import { createTestDatabase, seedEvent, type TestDatabase } from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { renewLease } from './leases.ts';
import { rebalanceRound } from './rebalance.ts';
import { fleetTools, NO_LOAD, readPlacements, SLOW_TIMING } from './testing/fleet.ts';
import { setWorkerAdminState } from './workers.ts';

let database: TestDatabase;
const { reset, register, seed, place } = fleetTools(() => database);
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(() => reset());

const round = (options = {}) => rebalanceRound(database.pool, SLOW_TIMING, options);
/** The gauges of a worker whose start is over. */
const load = async (workerId: string, gauges: Partial<typeof NO_LOAD>, runningForMs = 61_000) => {
  await renewLease(
    database.pool,
    { workerId, incarnation: 1, ttlMs: SLOW_TIMING.leaseTtlMs },
    { ...NO_LOAD, ...gauges },
  );
  await database.pool.query(`UPDATE worker_leases SET started_at = now() - $2 * interval '1 ms' WHERE worker_id = $1`, [
    workerId,
    runningForMs,
  ]);
};
/** Dates the last round back. */
const age = (ms: number) =>
  database.pool.query(`UPDATE workers SET rebalanced_at = rebalanced_at - $1 * interval '1 ms'`, [ms]);

/** `w1` of 10 with so many sessions, and an empty `w2` of 20. */
async function fleet(sessions: number, maxSessions = 10): Promise<void> {
  await register('w1', { maxSessions });
  await seed(sessions);
  await place();
  await register('w2', { maxSessions: 20 });
}

describe('a rebalance round (MR-027, MR-092, MR-093)', () => {
  it.each([
    ['cpu above 80', 4, { cpuUsage: 80.1 }, 4],
    ['cpu at 80', 4, { cpuUsage: 80 }, 0],
    ['memory above 90', 4, { memoryUsage: 90.1 }, 4],
    ['memory at 90', 4, { memoryUsage: 90 }, 0],
    ['more than 0.9 full', 10, {}, 5],
    ['0.9 full', 9, {}, 0],
  ])('with %s', async (_what, sessions, gauges, asked) => {
    await fleet(sessions);
    await load('w1', gauges);
    const released = await round();
    expect(released).toHaveLength(asked);
    expect(released.every(({ workerId }) => workerId === 'w1')).toBe(true);
    expect((await readPlacements(database.pool)).filter(({ state }) => state === 'RELEASING')).toHaveLength(asked);
  });

  it('moves five at a time, not more often than every 30 s, however many gateways ask', async () => {
    await fleet(10);
    await load('w1', { cpuUsage: 95 });
    const [first, second, third] = await Promise.all([round(), round(), round()]);
    expect(first.length + second.length + third.length).toBe(5);
    await age(25_000);
    expect(await round()).toEqual([]);
    await age(6_000);
    expect(await round()).toHaveLength(5);
  });

  it.each([
    ['is 0.7 full', 14, {}, 0],
    ['has room for two below 0.7', 12, {}, 2],
    ['has a busy processor', 0, { cpuUsage: 80 }, 0],
    ['has little memory left', 0, { memoryUsage: 90 }, 0],
  ])('when the other %s', async (_what, sessions, gauges, asked) => {
    await register('w2', { maxSessions: 20 });
    await seed(sessions);
    await place();
    await setWorkerAdminState(database.pool, 'w2', 'CORDONED');
    await register('w1', { maxSessions: 10 });
    await seed(10);
    await place();
    await setWorkerAdminState(database.pool, 'w2', 'ACTIVE');
    await load('w2', gauges);
    expect(await round()).toHaveLength(asked);
  });

  it('moves idle sessions to make room, busy ones to calm the processor', async () => {
    for (const [gauges, expected] of [
      [{ memoryUsage: 95 }, 'idle'],
      [{ cpuUsage: 95 }, 'busy'],
    ] as const) {
      await reset();
      await fleet(10);
      const rows = await readPlacements(database.pool);
      const busy = rows.slice(0, 5).map(({ sessionId }) => sessionId);
      for (const id of busy) await seedEvent(database.pool, id);
      await load('w1', gauges);
      const moved = (await round()).map(({ sessionId }) => (busy.includes(sessionId) ? 'busy' : 'idle'));
      expect(moved).toEqual(Array(5).fill(expected));
    }
  });

  it('does not take the peak of a process that starts for load; its memory and its sessions count from the first moment', async () => {
    await fleet(4);
    await load('w1', { cpuUsage: 100 }, 50_000);
    expect(await round()).toEqual([]);
    await load('w1', { cpuUsage: 100, memoryUsage: 91 }, 0);
    expect(await round()).toHaveLength(4);
  });
});

describe('a rebalance that an administrator asks for (MR-027)', () => {
  it('does not wait for the pause', async () => {
    await fleet(10);
    await load('w1', { cpuUsage: 95 });
    expect(await round()).toHaveLength(5);
    expect(await round()).toEqual([]);
    expect(await round({ now: true })).toHaveLength(5);
  });

  it.each([
    ['goes from the fullest to the emptiest until they are equally full', 8, 10, 4],
    ['counts shares, not sessions', 8, 30, 5],
    ['leaves alone what is nearly even', 2, 10, 0],
  ])('without overload %s', async (_what, sessions, capacity, asked) => {
    await register('w1', { maxSessions: 10 });
    await seed(sessions);
    await place();
    await register('w2', { maxSessions: capacity });
    const released = await round({ now: true });
    expect(released.map(({ workerId }) => workerId)).toEqual(Array(asked).fill('w1'));
  });
});
