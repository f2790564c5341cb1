import { createTestDatabase, type TestDatabase } from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { placeSession } from './assign.ts';
import { drainRound, MAX_RELEASING } from './drain.ts';
import { StaleEpochError } from './fence.ts';
import { beginRelease, handOverMany, keepSession } from './handover.ts';
import { beginDraining, endLease } from './leases.ts';
import { myPlacements, releaseSession } from './placements.ts';
import { fleetTools, readPlacements, SLOW_TIMING, someoneWaitsForALock } from './testing/fleet.ts';
import { writeKeys } from './testing/write-keys.ts';
import { setWorkerAdminState } from './workers.ts';

const options = { strategy: 'least-loaded', timing: SLOW_TIMING } as const;

let database: TestDatabase;
const { reset, register, seed, place, handOver, countByWorker } = fleetTools(() => database);
beforeAll(async () => {
  database = await createTestDatabase({ max: 30 });
});
afterAll(() => database?.drop());
beforeEach(() => reset());

/** A session on `w1`; then the other workers join. */
async function ownedByW1(...others: string[]): Promise<{ sessionId: string; epoch: number }> {
  await register('w1');
  const [sessionId] = await seed(1);
  const { epoch } = (await placeSession(database.pool, sessionId!))!;
  for (const id of others) await register(id);
  return { sessionId: sessionId!, epoch };
}

describe('a hand-over', () => {
  it('I1 is one placement change, straight to another worker', async () => {
    const owner = await ownedByW1('w2');
    await beginRelease(database.pool, [owner.sessionId], 'drain');
    expect(await handOver(owner)).toEqual({
      sessionId: owner.sessionId,
      epoch: 2,
      workerId: 'w2',
      from: 'w1',
      reason: 'handover',
    });
    expect(await readPlacements(database.pool)).toMatchObject([{ epoch: 2, state: 'ASSIGNED', workerId: 'w2' }]);
    await expect(handOver(owner)).rejects.toThrow(StaleEpochError);
  });

  it('I2 keeps the owner in power until it is made, and not longer', async () => {
    const owner = await ownedByW1('w2');
    const write = () => writeKeys(database.pool, owner, [{ kind: 'session', keyId: 'a', value: Buffer.from('1') }]);
    await beginRelease(database.pool, [owner.sessionId], 'drain');
    await write();
    await handOver(owner);
    await expect(write()).rejects.toThrow(StaleEpochError);
  });

  it('I2 waits for a fenced write of its own session that is still on its way', async () => {
    const owner = await ownedByW1('w2');
    const writer = await database.pool.connect();
    await writer.query('BEGIN');
    await writer.query('SELECT 1 FROM session_placements WHERE session_id = $1 FOR SHARE', [owner.sessionId]);
    const handover = handOver(owner);
    await someoneWaitsForALock(database.pool);
    await writer.query('COMMIT');
    writer.release();
    expect(await handover).toMatchObject({ epoch: 2 });
  });

  it('changes nothing when nobody else has room, and the session is kept', async () => {
    const owner = await ownedByW1();
    await register('other', { network: 'LIVE' });
    await beginRelease(database.pool, [owner.sessionId], 'drain');
    expect(await handOver(owner)).toBeNull();
    expect(await myPlacements(database.pool, 'w1', 1)).toEqual([{ ...owner, state: 'RELEASING', reason: 'drain' }]);
    expect(await keepSession(database.pool, owner)).toBe(true);
    expect(await keepSession(database.pool, owner)).toBe(false);
    expect(await myPlacements(database.pool, 'w1', 1)).toEqual([{ ...owner, state: 'ASSIGNED', reason: 'kept' }]);
  });

  it('is refused to an owner that has lost the session, also while it waits', async () => {
    const owner = await ownedByW1('w2');
    const taker = await database.pool.connect();
    await taker.query('BEGIN');
    await releaseSession(taker, owner.sessionId, 'test');
    const refused = expect(handOver(owner)).rejects.toThrow(StaleEpochError);
    await someoneWaitsForALock(database.pool);
    await taker.query('COMMIT');
    taker.release();
    await refused;
    expect(await keepSession(database.pool, owner)).toBe(false);
    expect(await readPlacements(database.pool)).toMatchObject([{ epoch: 2, state: 'UNASSIGNED' }]);
  });

  it('I9 of many at once exceeds no capacity', async () => {
    await register('w1', { maxSessions: 20 });
    await seed(20);
    const { assignments } = await place();
    await Promise.all([register('w2', { maxSessions: 5 }), register('w3', { maxSessions: 8 })]);
    const moved = await Promise.all(assignments.map(handOver));
    expect(moved.filter(Boolean)).toHaveLength(13);
    expect(await countByWorker()).toEqual({ w1: 7, w2: 5, w3: 8 });
  });
});

describe('a hand-over of many', () => {
  it('gives what there is room for, keeps the rest, and leaves out what the owner has lost', async () => {
    await register('w1');
    await seed(4);
    const owners = (await place()).assignments;
    await Promise.all([register('w2', { maxSessions: 1 }), register('w3', { maxSessions: 1 })]);
    const [lost] = owners;
    await releaseSession(database.pool, lost!.sessionId, 'test');
    const given = await handOverMany(database.pool, owners, options);
    expect(given.has(lost!.sessionId)).toBe(false);
    const targets = [...given.values()].map((assignment) => assignment?.workerId ?? 'kept');
    expect(targets.sort()).toEqual(['kept', 'w2', 'w3']);
    const rows = (await readPlacements(database.pool)).filter(({ sessionId }) => sessionId !== lost!.sessionId);
    for (const { sessionId, epoch, workerId } of rows)
      expect([epoch, workerId]).toEqual(given.get(sessionId) ? [2, given.get(sessionId)!.workerId] : [1, 'w1']);
    expect(await handOverMany(database.pool, [lost!], options)).toEqual(new Map());
  });
});

it('a rolling deploy of three workers moves each session about once: the newest revision is preferred', async () => {
  const workers = ['w1', 'w2', 'w3'];
  for (const id of workers) await register(id, { revision: '1' });
  await seed(30);
  await place();
  let moves = 0;
  for (const workerId of workers.toReversed()) {
    await beginDraining(database.pool, { workerId, incarnation: 1 });
    const given = await handOverMany(database.pool, await myPlacements(database.pool, workerId, 1), options);
    moves += [...given.values()].filter(Boolean).length;
    await endLease(database.pool, { workerId, incarnation: 1 }, 'goodbye');
    await register(workerId, { revision: '2' });
  }
  // Ten sessions go from the first worker to two of the old revision. All others move directly to the new one.
  expect(moves).toBe(10 + 15 + 15);
  expect((await countByWorker()).w1).toBe(0);
});

describe('a drain round', () => {
  const drain = () => drainRound(database.pool, SLOW_TIMING);
  const states = async () => (await readPlacements(database.pool)).map(({ state }) => state);

  it(`asks for ${MAX_RELEASING} sessions at a time, and for the next when those have moved`, async () => {
    await register('w1');
    await seed(MAX_RELEASING + 3);
    await place();
    await register('w2');
    expect(await drain()).toEqual([]);
    await setWorkerAdminState(database.pool, 'w1', 'DRAINING');
    const first = await drain();
    expect(first).toHaveLength(MAX_RELEASING);
    expect(first.every(({ workerId }) => workerId === 'w1')).toBe(true);
    expect(await drain()).toEqual([]);
    for (const { sessionId } of first.slice(0, 5)) await handOver({ sessionId, epoch: 1 });
    expect(await drain()).toHaveLength(3);
    expect((await readPlacements(database.pool)).map(({ epoch }) => epoch).reduce((sum, each) => sum + each, 0)).toBe(
      MAX_RELEASING + 3 + 5,
    );
  });

  it('asks only while others have room, counting what is on its way', async () => {
    await register('w1');
    await seed(6);
    await place();
    await setWorkerAdminState(database.pool, 'w1', 'DRAINING');
    expect(await drain()).toEqual([]);
    await register('w2', { maxSessions: 2 });
    expect(await drain()).toHaveLength(2);
    await register('w3', { maxSessions: 1 });
    expect(await drain()).toHaveLength(1);
    expect(await drain()).toEqual([]);
    expect((await states()).filter((state) => state === 'ASSIGNED')).toHaveLength(3);
  });

  it('lets two gateways that drain at once ask for no more than one would', async () => {
    await register('w1');
    await seed(10);
    await place();
    await register('w2', { maxSessions: 4 });
    await setWorkerAdminState(database.pool, 'w1', 'RETIRED');
    await Promise.all([drain(), drain(), drain()]);
    expect((await states()).filter((state) => state === 'RELEASING')).toHaveLength(4);
  });

  it('leaves the sessions of a dead worker to the takeover', async () => {
    await register('w1');
    await seed(1);
    await place();
    await setWorkerAdminState(database.pool, 'w1', 'DRAINING');
    await register('w2');
    await endLease(database.pool, { workerId: 'w1', incarnation: 1 }, 'test');
    expect(await drain()).toEqual([]);
    expect((await place()).assignments).toMatchObject([{ reason: 'takeover', workerId: 'w2' }]);
  });
});
