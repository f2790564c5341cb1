import { createTestDatabase, seedSession, type TestDatabase, workerRegistration } from '@wa-gate/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { placeSession } from './assign.ts';
import { StaleEpochError } from './fence.ts';
import { clearSessionKeys, type KeyWrite, readSessionKind, writeManySessionKeys } from './key-store.ts';
import { releaseSession } from './placements.ts';
import { registerWorker } from './registration.ts';
import { SLOW_TIMING } from './testing/fleet.ts';
import { writeKeys } from './testing/write-keys.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await registerWorker(database.pool, workerRegistration('worker-1', { maxSessions: 1_000 }), SLOW_TIMING);
});
afterAll(() => database?.drop());

async function owner() {
  const { sessionId } = await seedSession(database.pool);
  const placed = await placeSession(database.pool, sessionId);
  return { sessionId, epoch: placed!.epoch };
}

const entry = (keyId: string, text: string) => ({ kind: 'session', keyId, value: Buffer.from(text) });
const stored = async (sessionId: string) => {
  const rows = await readSessionKind(database.pool, sessionId, 'session');
  return Object.fromEntries(
    [...rows].sort(([a], [b]) => a.localeCompare(b)).map(([id, value]) => [id, value.toString()]),
  );
};

it('writes and deletes keys of many sessions in one statement, and leaves out only the stale ones (I2)', async () => {
  const [first, second, lost] = await Promise.all([owner(), owner(), owner()]);
  for (const each of [first, second, lost]) {
    await writeKeys(database.pool, each!, [entry('old', 'x'), entry('same', 'before')]);
  }
  await releaseSession(database.pool, lost!.sessionId, 'test');
  const write = (who: typeof first, text: string): KeyWrite => ({
    owner: who!,
    upserts: [entry('same', text), entry('new', text)],
    deletes: [{ kind: 'session', keyId: 'old' }],
  });
  const stale = await writeManySessionKeys(database.pool, [write(first, 'a'), write(lost, 'c'), write(second, 'b')]);
  expect(stale).toEqual([lost!.sessionId]);
  expect(await stored(first!.sessionId)).toEqual({ new: 'a', same: 'a' });
  expect(await stored(second!.sessionId)).toEqual({ new: 'b', same: 'b' });
  expect(await stored(lost!.sessionId)).toEqual({ old: 'x', same: 'before' });
});

it('removes all keys of a session, and none for a stale owner', async () => {
  const mine = await owner();
  const other = await owner();
  for (const each of [mine, other]) await writeKeys(database.pool, each, [entry('a', '1'), entry('b', '2')]);
  await expect(clearSessionKeys(database.pool, { ...mine, epoch: mine.epoch - 1 })).rejects.toThrow(StaleEpochError);
  expect(Object.keys(await stored(mine.sessionId))).toHaveLength(2);
  await clearSessionKeys(database.pool, mine);
  expect(await stored(mine.sessionId)).toEqual({});
  expect(Object.keys(await stored(other.sessionId))).toHaveLength(2);
});
