import { createTestDatabase, seedEvent, type TestDatabase } from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { placeSession } from './assign.ts';
import { paceWindowMs } from './candidates.ts';
import { beginDraining, endLease, renewLease } from './leases.ts';
import { myPlacements, releaseSession } from './placements.ts';
import { fleetTools, NO_LOAD, readPlacements, SLOW_TIMING } from './testing/fleet.ts';
import { DEFAULT_TIMING } from './timing.ts';
import { setWorkerAdminState } from './workers.ts';

let database: TestDatabase;
const { reset, register, seed, place, countByWorker, expire } = fleetTools(() => database);

beforeAll(async () => {
  database = await createTestDatabase({ max: 20 });
});
afterAll(() => database?.drop());
beforeEach(() => reset());

describe('placement (MR-166)', () => {
  it.each(['least-loaded', 'round-robin'] as const)(
    'spreads sessions evenly, strategy %s (MR-195)',
    async (strategy) => {
      await Promise.all([register('w1'), register('w2'), register('w3')]);
      for (const sessionId of await seed(3))
        expect(await placeSession(database.pool, sessionId, { strategy })).toMatchObject({
          sessionId,
          epoch: 1,
          from: null,
          reason: 'placed',
        });
      expect(await countByWorker()).toEqual({ w1: 1, w2: 1, w3: 1 });
      await seed(6);
      await place({ strategy });
      expect(await countByWorker()).toEqual({ w1: 3, w2: 3, w3: 3 });
    },
  );

  it('I9 never exceeds a capacity, however many place at once (MR-089)', async () => {
    await Promise.all([register('w1', { maxSessions: 7 }), register('w2', { maxSessions: 5 })]);
    const sessions = await seed(30);
    const singly = sessions.slice(0, 15).map((sessionId) => placeSession(database.pool, sessionId));
    const [first, second, ...placed] = await Promise.all([place(), place({ limit: 4 }), ...singly]);
    expect(await countByWorker()).toEqual({ w1: 7, w2: 5 });
    const assignments = [...first.assignments, ...second.assignments, ...placed.filter((each) => each !== null)];
    expect(new Set(assignments.map(({ sessionId }) => sessionId)).size).toBe(12);
    expect(assignments).toHaveLength(12);
    expect(await place()).toMatchObject({ assignments: [], waiting: 18, more: false });
  });

  it('I1 places one session once when several gateways try', async () => {
    await Promise.all([register('w1'), register('w2')]);
    const [sessionId] = await seed(1);
    const results = await Promise.all(Array.from({ length: 8 }, () => placeSession(database.pool, sessionId!)));
    expect(results.filter(Boolean)).toHaveLength(1);
    expect(await readPlacements(database.pool)).toMatchObject([{ epoch: 1, state: 'ASSIGNED' }]);
  });

  it.each([
    ['cordoned', () => setWorkerAdminState(database.pool, 'w1', 'CORDONED')],
    ['draining by the administrator', () => setWorkerAdminState(database.pool, 'w1', 'DRAINING')],
    ['retired', () => setWorkerAdminState(database.pool, 'w1', 'RETIRED')],
    ['about to end', () => beginDraining(database.pool, { workerId: 'w1', incarnation: 1 })],
    ['gone', () => endLease(database.pool, { workerId: 'w1', incarnation: 1 }, 'goodbye')],
    [
      'not heard of for so long that it has stopped its sockets',
      () => expire('w1', -(DEFAULT_TIMING.leaseTtlMs - DEFAULT_TIMING.stopAfterMs)),
    ],
    ['of the other network', () => database.pool.query(`UPDATE workers SET network = 'LIVE'`)],
  ])('passes over a worker that is %s', async (_what, change) => {
    await register('w1');
    await change();
    const [sessionId] = await seed(1);
    expect(await placeSession(database.pool, sessionId!)).toBeNull();
    await register('fine');
    expect(await placeSession(database.pool, sessionId!)).toMatchObject({ workerId: 'fine' });
  });

  it('leaves alone what should not run', async () => {
    await register('w1');
    await seed(1);
    await database.pool.query(`UPDATE sessions SET desired_state = 'STOPPED'`);
    expect(await place()).toEqual({ assignments: [], gone: [], braked: 0, waiting: 0, later: 0, more: false });
  });

  it('takes the loaded worker last', async () => {
    await Promise.all([register('busy'), register('calm')]);
    const load = { cpuUsage: 70, memoryUsage: 40, eventLoopDelayMs: 90 };
    await renewLease(database.pool, { workerId: 'busy', incarnation: 1, ttlMs: SLOW_TIMING.leaseTtlMs }, load);
    await database.pool.query(`UPDATE worker_leases SET started_at = now() - interval '61 s'`);
    await seed(3);
    const { assignments } = await place();
    expect(assignments.map(({ workerId }) => workerId)).toEqual(['calm', 'calm', 'calm']);
  });

  it('does not hold the peak of a start against a worker', async () => {
    await Promise.all([register('started'), register('w1')]);
    const peak = { cpuUsage: 95, memoryUsage: 40, eventLoopDelayMs: 300 };
    await renewLease(database.pool, { workerId: 'started', incarnation: 1, ttlMs: SLOW_TIMING.leaseTtlMs }, peak);
    await seed(4);
    await place();
    expect(await countByWorker()).toEqual({ started: 2, w1: 2 });
  });

  it('prefers the newest revision while another is still there, though a worker of the old one has just restarted', async () => {
    await register('w1', { revision: '1' });
    await register('w2', { revision: '1' });
    await register('w3', { revision: '2' });
    await register('w2', { revision: '1' });
    await seed(5);
    await place();
    expect(await countByWorker()).toEqual({ w1: 0, w2: 0, w3: 5 });
  });

  it('gives the scarce places by priority: tier, something to send, latest traffic; its worker starts them in the same order', async () => {
    await register('w1', { maxSessions: 4 });
    const [quiet, recent, queued, paid, silent] = await seed(5);
    const event = (id: string, minutesAgo: number) =>
      seedEvent(database.pool, id, { at: new Date(Date.now() - minutesAgo * 60_000) });
    await event(quiet!, 60);
    await event(recent!, 1);
    await database.pool.query(
      `WITH m AS (INSERT INTO messages (id, session_id, direction, wa_message_id, chat_jid, from_me, kind, state)
         VALUES (gen_random_uuid(), $1, 'OUTBOUND', 'X', 'y', true, 'text', 'QUEUED') RETURNING id)
       INSERT INTO outbox (message_id, session_id, wa_message_id, chat_jid, request) SELECT id, $1, 'X', 'y', '{}' FROM m`,
      [queued],
    );
    await database.pool.query(`UPDATE users SET tier = 'PRO' WHERE id = (SELECT user_id FROM sessions WHERE id = $1)`, [
      paid,
    ]);
    const { assignments, waiting } = await place();
    expect(assignments.map(({ sessionId }) => sessionId)).toEqual([paid, queued, recent, quiet]);
    expect(waiting).toBe(1);
    const starts = await myPlacements(database.pool, 'w1', 1);
    expect(starts.map(({ sessionId }) => sessionId)).toEqual([paid, queued, recent, quiet]);
    await register('w1', { maxSessions: 2 });
    const kept = (await readPlacements(database.pool)).filter(({ workerId }) => workerId === 'w1');
    expect(kept.map(({ sessionId }) => sessionId).sort()).toEqual([paid!, queued!].sort());
    expect(silent).toBeDefined();
  });

  it('does not let sessions of a full network stand before those of another', async () => {
    await register('live', { network: 'LIVE' });
    await seed(5);
    const [wanted] = await seed(1, { network: 'LIVE' });
    const { assignments, waiting, more } = await place({ limit: 2 });
    expect(assignments).toMatchObject([{ sessionId: wanted, workerId: 'live' }]);
    expect([waiting, more]).toEqual([5, false]);
  });

  it('reports whether another call would place more', async () => {
    await register('w1');
    const [locked] = await seed(5);
    expect(await place({ limit: 3 })).toMatchObject({ assignments: { length: 3 }, more: true });
    await place();
    const client = await database.pool.connect();
    await releaseSession(database.pool, locked!, 'test');
    await client.query('BEGIN');
    await client.query('SELECT 1 FROM session_placements WHERE session_id = $1 FOR SHARE', [locked]);
    expect(await place()).toMatchObject({ assignments: [], more: true });
    await client.query('COMMIT');
    client.release();
    expect(await place()).toMatchObject({ assignments: { length: 1 }, more: false });
  });
});

describe('takeover', () => {
  it('I1 is one placement change, from the old worker to the new one', async () => {
    await register('w1');
    const sessions = await seed(3);
    await place();
    await register('w2');
    expect((await place()).assignments).toEqual([]);
    expect(await endLease(database.pool, { workerId: 'w1', incarnation: 1 }, 'connection refused')).toBe(true);
    const { assignments, gone } = await place();
    expect(gone).toEqual([{ workerId: 'w1', incarnation: 1, cause: 'connection refused' }]);
    expect(assignments.map(({ sessionId }) => sessionId).sort()).toEqual(sessions.sort());
    for (const assignment of assignments)
      expect(assignment).toMatchObject({ epoch: 2, from: 'w1', workerId: 'w2', reason: 'takeover' });
    expect(await readPlacements(database.pool)).toMatchObject(
      sessions.map(() => ({ epoch: 2, state: 'ASSIGNED', workerId: 'w2', incarnation: 1, reason: 'takeover' })),
    );
  });

  it('waits for the grace after an expiry, not after an end', async () => {
    await register('w1');
    await seed(1);
    await place();
    await register('w2');
    await expire('w1', SLOW_TIMING.takeoverGraceMs / 2);
    expect((await place()).assignments).toEqual([]);
    await expire('w1');
    expect(await place()).toMatchObject({
      assignments: [{ from: 'w1', workerId: 'w2' }],
      gone: [{ workerId: 'w1', cause: 'lease expired' }],
    });
  });

  it('takes what was being handed over, too', async () => {
    await register('w1');
    await seed(1);
    await place();
    await register('w2');
    await database.pool.query(`UPDATE session_placements SET state = 'RELEASING'`);
    await expire('w1');
    expect((await place()).assignments).toMatchObject([{ from: 'w1', workerId: 'w2', epoch: 2 }]);
    expect(await readPlacements(database.pool)).toMatchObject([{ state: 'ASSIGNED' }]);
  });

  it('leaves sessions with a dead worker when nobody has room, and with their owner when it renews in the end', async () => {
    await register('w1');
    await seed(2);
    await place();
    await expire('w1');
    expect(await place()).toMatchObject({ assignments: [], waiting: 2 });
    expect(
      await renewLease(database.pool, { workerId: 'w1', incarnation: 1, ttlMs: SLOW_TIMING.leaseTtlMs }, NO_LOAD),
    ).toBe(true);
    await register('w2');
    expect(await place()).toMatchObject({ assignments: [], waiting: 0 });
    expect(await readPlacements(database.pool)).toMatchObject([{ epoch: 1 }, { epoch: 1 }]);
  });

  it('I1 several reconcilers at once move 500 orphans, each epoch by exactly one', async () => {
    await register('dead', { maxSessions: 600 });
    await seed(500);
    await place();
    await Promise.all([
      register('w1', { maxSessions: 200 }),
      register('w2', { maxSessions: 200 }),
      register('w3', { maxSessions: 100 }),
    ]);
    await endLease(database.pool, { workerId: 'dead', incarnation: 1 }, 'test');
    const reconciler = async (): Promise<number> => {
      let placed = 0;
      for (let result = await place({ limit: 50 }); ; result = await place({ limit: 50 })) {
        placed += result.assignments.length;
        if (!result.more && !result.assignments.length) return placed;
      }
    };
    const placed = await Promise.all([reconciler(), reconciler(), reconciler(), reconciler()]);
    expect(placed.reduce((sum, each) => sum + each, 0)).toBe(500);
    const rows = await readPlacements(database.pool);
    expect(rows.every(({ epoch, state }) => epoch === 2 && state === 'ASSIGNED')).toBe(true);
    expect(await countByWorker()).toEqual({ dead: 0, w1: 200, w2: 200, w3: 100 });
  });

  describe('when all workers have gone and come back one after the other (MR-166)', () => {
    /** Two workers with six sessions each end; the first one registers again. */
    async function firstReturns(): Promise<void> {
      await Promise.all([register('w1'), register('w2')]);
      await seed(12);
      await place();
      await passWindow();
      await Promise.all(['w1', 'w2'].map((workerId) => endLease(database.pool, { workerId, incarnation: 1 }, 'test')));
      await register('w1');
    }

    const passWindow = () =>
      database.pool.query(`UPDATE session_placements SET changed_at = changed_at - $1 * interval '1 ms'`, [
        paceWindowMs(SLOW_TIMING),
      ]);

    it('I1 the first one does not get the sessions of the second, which finds its own', async () => {
      await firstReturns();
      expect(await place({ takeoversPerWorker: 6 })).toMatchObject({
        assignments: [],
        waiting: 0,
        later: 6,
        more: false,
      });
      await register('w2');
      expect(await place({ takeoversPerWorker: 6 })).toMatchObject({ assignments: [], waiting: 0, later: 0 });
      expect(await countByWorker()).toEqual({ w1: 6, w2: 6 });
    });

    it('the first one gets them in turns when the second stays away', async () => {
      await firstReturns();
      const turns: number[] = [];
      for (let turn = 0; turn < 3; turn++) {
        const { assignments, later } = await place({ takeoversPerWorker: 4 });
        turns.push(assignments.length, later);
        await passWindow();
      }
      expect(turns).toEqual([0, 6, 4, 2, 2, 0]);
      expect(await countByWorker()).toEqual({ w1: 12, w2: 0 });
    });

    it('sessions that no worker had do not wait for them, and what has no room is not told as later', async () => {
      await firstReturns();
      const fresh = await seed(2);
      await database.pool.query(`UPDATE workers SET max_sessions = 10 WHERE id = 'w1'`);
      const { assignments, ...rest } = await place({ takeoversPerWorker: 6 });
      expect(assignments.map(({ sessionId }) => sessionId).sort()).toEqual(fresh.sort());
      expect(rest).toMatchObject({ waiting: 4, later: 2, more: false });
    });
  });
});
