import { createTestDatabase, seedSession, type TestDatabase, workerRegistration } from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { placeSession } from './assign.ts';
import { StaleEpochError } from './fence.ts';
import { readSessionKeys, readSessionKind, writeSessionKeys } from './key-store.ts';
import { registerWorker } from './leases.ts';
import { releaseSession } from './placements.ts';
import { DEFAULT_TIMING } from './timing.ts';

let database: TestDatabase;
let sessionId: string;
let epoch: number;

beforeAll(async () => {
  database = await createTestDatabase();
  await registerWorker(database.pool, workerRegistration('worker-1', { maxSessions: 1_000 }), DEFAULT_TIMING);
});
afterAll(() => database?.drop());
beforeEach(async () => {
  ({ sessionId } = await seedSession(database.pool));
  ({ epoch } = (await placeSession(database.pool, sessionId))!);
});

const entry = (keyId: string, value: string) => ({ kind: 'session', keyId, value: Buffer.from(value) });
const read = async (...ids: string[]) =>
  Object.fromEntries(
    [...(await readSessionKeys(database.pool, sessionId, 'session', ids))].map(([id, value]) => [id, String(value)]),
  );

/** Resolves once some backend waits for a lock, so that the order of the race is certain and nothing sleeps. */
async function someoneWaitsForALock(): Promise<void> {
  for (;;) {
    const { rows } = await database.pool.query(
      `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    if (rows.length) return;
  }
}

describe('the key store', () => {
  it('writes, overwrites and deletes in one statement', async () => {
    await writeSessionKeys(database.pool, { sessionId, epoch }, [entry('a', '1'), entry('b', '2')], []);
    await writeSessionKeys(database.pool, { sessionId, epoch }, [entry('a', '3')], [{ kind: 'session', keyId: 'b' }]);
    expect(await read('a', 'b', 'never')).toEqual({ a: '3' });
    expect((await readSessionKind(database.pool, sessionId, 'session')).size).toBe(1);
  });

  it('does not take a write of nothing from the owner for a refusal', async () => {
    await writeSessionKeys(database.pool, { sessionId, epoch }, [], []);
  });

  it('refuses a key write from a stale epoch, and writes nothing of it (I2)', async () => {
    await releaseSession(database.pool, sessionId, 'test');
    const write = writeSessionKeys(database.pool, { sessionId, epoch }, [entry('a', 'zombie')], []);
    await expect(write).rejects.toThrow(StaleEpochError);
    expect(await read('a')).toEqual({});
  });
});

describe('the race of DESIGN 2.3: owner stalls inside its write while another takes over', () => {
  /** The owner's transaction: fence as given, a stall, the write. The takeover starts during the stall. */
  async function race(
    fence: string,
  ): Promise<{ takeoverWaited: boolean; newOwnerLoaded: string; rowAfterwards: string }> {
    await writeSessionKeys(database.pool, { sessionId, epoch }, [entry('k', 'v0')], []);
    const owner = await database.pool.connect();
    try {
      await owner.query('BEGIN');
      const fenced = await owner.query(
        `SELECT 1 FROM session_placements WHERE session_id = $1 AND epoch = $2 ${fence}`,
        [sessionId, epoch],
      );
      expect(fenced.rowCount).toBe(1);

      let tookOver = false;
      const takeover = releaseSession(database.pool, sessionId, 'takeover').then(async () => {
        tookOver = true;
        return (await read('k')).k!;
      });
      const takeoverWaited = await Promise.race([takeover.then(() => false), someoneWaitsForALock().then(() => true)]);
      expect(tookOver).toBe(!takeoverWaited);

      await owner.query(`UPDATE session_keys SET value = 'OLD-OWNER' WHERE session_id = $1`, [sessionId]);
      await owner.query('COMMIT');
      const newOwnerLoaded = await takeover;
      return { takeoverWaited, newOwnerLoaded, rowAfterwards: (await read('k')).k! };
    } finally {
      owner.release();
    }
  }

  it('FOR SHARE is safe: the takeover waits and the new owner sees the write (I2)', async () => {
    expect(await race('FOR SHARE')).toEqual({
      takeoverWaited: true,
      newOwnerLoaded: 'OLD-OWNER',
      rowAfterwards: 'OLD-OWNER',
    });
  });

  it.each([
    ['a check without a lock', ''],
    ['FOR KEY SHARE', 'FOR KEY SHARE'],
  ])('%s loses the update: why the fence is what it is', async (_name, fence) => {
    expect(await race(fence)).toEqual({ takeoverWaited: false, newOwnerLoaded: 'v0', rowAfterwards: 'OLD-OWNER' });
  });

  it('our statement is refused when a takeover is already in progress (I2)', async () => {
    const taker = await database.pool.connect();
    try {
      await taker.query('BEGIN');
      await releaseSession(taker, sessionId, 'takeover');
      const write = writeSessionKeys(database.pool, { sessionId, epoch }, [entry('k', 'zombie')], []);
      const refused = expect(write).rejects.toThrow(StaleEpochError);
      await someoneWaitsForALock();
      await taker.query('COMMIT');
      await refused;
      expect(await read('k')).toEqual({});
    } finally {
      taker.release();
    }
  });
});
