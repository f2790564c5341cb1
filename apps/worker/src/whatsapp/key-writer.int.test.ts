import { createPool, type Pool } from '@wa-gate/db';
import { systemClock } from '@wa-gate/kit';
import { createTestDatabase, type TestDatabase } from '@wa-gate/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ownedSession } from '../testing/signal-parties.ts';
import { createKeyWriter } from './key-writer.ts';

let database: TestDatabase;
let pool: Pool;
let statements = 0;

beforeAll(async () => {
  database = await createTestDatabase({ max: 1 });
  pool = createPool({ url: database.url, name: 'counted', max: 4 });
  const query = pool.query.bind(pool);
  Object.assign(pool, {
    query: (...args: Parameters<typeof query>) => {
      statements++;
      return query(...args);
    },
  });
});
afterAll(async () => {
  await pool?.end();
  await database?.drop();
});

/** A chain of ready promises, as in a ratchet step. */
async function step(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await Promise.resolve();
}

test('steps that run side by side become durable in one statement, however unequal they are', async () => {
  const owner = await ownedSession(database.pool);
  const writer = createKeyWriter({ pool, clock: systemClock });
  statements = 0;
  await Promise.all(
    [3, 200].map(async (turns, index) => {
      await step(turns);
      const key = { kind: 'session', keyId: `${index}.0`, value: Buffer.of(index) };
      await writer.write({ owner, upserts: [key], deletes: [] });
    }),
  );
  expect(statements).toBe(1);
});

test('idle waits for what has only just been asked for', async () => {
  const owner = await ownedSession(database.pool);
  const writer = createKeyWriter({ pool, clock: systemClock });
  let isWritten = false;
  const key = { kind: 'session', keyId: 'x.0', value: Buffer.of(1) };
  const writing = writer.write({ owner, upserts: [key], deletes: [] }).then(() => {
    isWritten = true;
  });
  await writer.idle();
  expect(isWritten).toBe(true);
  await writing;
});
