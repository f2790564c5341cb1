import { createTestDatabase, seedSession, type TestDatabase, workerRegistration } from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { placeSession } from './assign.ts';
import { StaleEpochError } from './fence.ts';
import { readSessionKeys, readSessionKind } from './key-store.ts';
import { releaseSession } from './placements.ts';
import { registerWorker } from './registration.ts';
import { SLOW_TIMING, someoneWaitsForALock } from './testing/fleet.ts';
import { writeKeys } from './testing/write-keys.ts';

let database: TestDatabase;
let sessionId: string;
let epoch: number;

beforeAll(async () => {
  database = await createTestDatabase();
  await registerWorker(database.pool, workerRegistration('worker-1', { maxSessions: 1_000 }), SLOW_TIMING);
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
const writeAsOwner = (value: string) => writeKeys(database.pool, { sessionId, epoch }, [entry('k', value)]);

describe('the key store', () => {
  it('writes, overwrites and deletes in one statement', async () => {
    await writeKeys(database.pool, { sessionId, epoch }, [entry('a', '1'), entry('b', '2')]);
    await writeKeys(database.pool, { sessionId, epoch }, [entry('a', '3')], [{ kind: 'session', keyId: 'b' }]);
    expect(await read('a', 'b', 'never')).toEqual({ a: '3' });
    expect((await readSessionKind(database.pool, sessionId, 'session')).size).toBe(1);
  });

  it('does not take a write of nothing from the owner for a refusal', async () => {
    await writeKeys(database.pool, { sessionId, epoch }, []);
  });

  it('I2 refuses a key write from a stale epoch, and writes nothing of it', async () => {
    await releaseSession(database.pool, sessionId, 'test');
    await expect(writeAsOwner('zombie')).rejects.toThrow(StaleEpochError);
    expect(await read('k')).toEqual({});
  });
});

describe('I2 the race table of docs/decisions/0004-the-fence.md: the owner stalls inside its write while another takes over', () => {
  interface Race {
    takeoverWaited: boolean;
    newOwnerLoaded: string;
    rowAfterwards: string;
  }
  const LOST: Race = { takeoverWaited: false, newOwnerLoaded: 'v0', rowAfterwards: 'OLD-OWNER' };
  const SAFE: Race = { takeoverWaited: true, newOwnerLoaded: 'OLD-OWNER', rowAfterwards: 'OLD-OWNER' };

  /**
   * Takes over while the owner stalls; `goOn` ends the stall. The new owner reads the key after its takeover has
   * committed.
   */
  async function takeOverDuring(goOn: () => Promise<unknown>): Promise<Race> {
    const takeover = releaseSession(database.pool, sessionId, 'takeover').then(async () => (await read('k')).k!);
    const looking = new AbortController();
    const waits = someoneWaitsForALock(database.pool, 'UPDATE session_placements%', looking.signal);
    const takeoverWaited = await Promise.race([takeover.then(() => false), waits.then(() => true)]);
    looking.abort();
    await waits;
    await goOn();
    return { takeoverWaited, newOwnerLoaded: await takeover, rowAfterwards: (await read('k')).k! };
  }

  /** The transaction of the owner: fence, stall, write. */
  async function inTransaction(locking: string): Promise<Race> {
    await writeAsOwner('v0');
    const owner = await database.pool.connect();
    try {
      await owner.query('BEGIN');
      const fenced = `SELECT 1 FROM session_placements WHERE session_id = $1 AND epoch = $2 ${locking}`;
      expect((await owner.query(fenced, [sessionId, epoch])).rowCount).toBe(1);
      return await takeOverDuring(async () => {
        await owner.query(`UPDATE session_keys SET value = 'OLD-OWNER' WHERE session_id = $1`, [sessionId]);
        await owner.query('COMMIT');
      });
    } finally {
      owner.release();
    }
  }

  /** The single statement of the owner stalls in the middle, because the row of the key is locked. */
  async function inOneStatement(write: () => Promise<unknown>): Promise<Race> {
    await writeAsOwner('v0');
    const holder = await database.pool.connect();
    try {
      await holder.query('BEGIN');
      await holder.query('SELECT 1 FROM session_keys WHERE session_id = $1 FOR UPDATE', [sessionId]);
      const written = write();
      await someoneWaitsForALock(database.pool, '%session_keys%');
      return await takeOverDuring(async () => {
        await holder.query('COMMIT');
        await written;
      });
    } finally {
      holder.release();
    }
  }

  it('a check without a lock loses the update', async () => {
    expect(await inTransaction('')).toEqual(LOST);
  });

  it('FOR KEY SHARE loses the update: it does not conflict with an update that changes no key', async () => {
    expect(await inTransaction('FOR KEY SHARE')).toEqual(LOST);
  });

  it('one statement INSERT … SELECT … WHERE epoch = … loses the update', async () => {
    const unfenced = () =>
      database.pool.query(
        `INSERT INTO session_keys (session_id, kind, key_id, value)
         SELECT session_id, 'session', 'k', 'OLD-OWNER' FROM session_placements WHERE session_id = $1 AND epoch = $2
         ON CONFLICT (session_id, kind, key_id) DO UPDATE SET value = excluded.value`,
        [sessionId, epoch],
      );
    expect(await inOneStatement(unfenced)).toEqual(LOST);
  });

  it('FOR SHARE is safe: the takeover waits, and the new owner sees the write', async () => {
    expect(await inTransaction('FOR SHARE')).toEqual(SAFE);
  });

  it('our statement is safe in the same way, in one round trip', async () => {
    expect(await inOneStatement(() => writeAsOwner('OLD-OWNER'))).toEqual(SAFE);
  });

  it('our statement is refused when a takeover is already in progress', async () => {
    const taker = await database.pool.connect();
    try {
      await taker.query('BEGIN');
      await releaseSession(taker, sessionId, 'takeover');
      const refused = expect(writeAsOwner('zombie')).rejects.toThrow(StaleEpochError);
      await someoneWaitsForALock(database.pool, '%session_keys%');
      await taker.query('COMMIT');
      await refused;
      expect(await read('k')).toEqual({});
    } finally {
      taker.release();
    }
  });
});
