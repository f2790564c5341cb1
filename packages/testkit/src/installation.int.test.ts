import { assertMasterKey, readMessageKey, rekeyInstallation } from '@wa-gate/db';
import { deriveKey } from '@wa-gate/kit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from './database.ts';

const [OLD, NEW] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)] as const;

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase();
  await assertMasterKey(database.pool, [OLD]);
});
afterEach(() => database.drop());

it('what messages are derived from outlives the master key that it began with: attempts make the same bytes (I8)', async () => {
  const before = await readMessageKey(database.pool, [OLD]);
  expect(await readMessageKey(database.pool, [NEW, OLD])).toEqual(before);
  expect(await readMessageKey(database.pool, [OLD])).toEqual(before);
});

it('is what rows of older versions were made with', async () => {
  expect(await readMessageKey(database.pool, [OLD])).toEqual(deriveKey(OLD, 'message-secret'));
});

it('is one, whoever asks first, and stored for nobody to read', async () => {
  const keys = await Promise.all([[OLD], [NEW, OLD], [OLD]].map((list) => readMessageKey(database.pool, list)));
  expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(1);
  const { rows } = await database.pool.query<{ message_key: Buffer }>('SELECT message_key FROM installation');
  expect(rows[0]!.message_key.includes(keys[0]!)).toBe(false);
});

it('a check that is sealed anew leaves it alone', async () => {
  await rekeyInstallation(database.pool, [NEW, OLD]);
  const key = await readMessageKey(database.pool, [NEW, OLD]);
  expect(await readMessageKey(database.pool, [NEW])).toEqual(key);
});
