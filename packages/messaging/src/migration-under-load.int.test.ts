import { placeSession, registerWorker, scaleTiming } from '@wa-gate/cluster';
import { createTestDatabase, migrateFrom, seedSession, type TestDatabase, workerRegistration } from '@wa-gate/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findViolations } from './invariants/invariants.ts';
import { PreviousVersion } from './testing/previous-version.ts';

const MIGRATION = '20261129020000_message_storage';
const WRITERS = 4;

let database: TestDatabase;
let previous: PreviousVersion;

beforeAll(async () => {
  database = await createTestDatabase({ before: MIGRATION, max: 3 });
  previous = new PreviousVersion(database.url, WRITERS);
  await registerWorker(database.pool, workerRegistration('worker-1', { maxSessions: 1_000 }), scaleTiming(60));
});
afterAll(async () => {
  await previous?.pool.end();
  await database?.drop();
});

it('the version before writes while the migration runs: nothing is refused, no message is without its name (I8)', async () => {
  let isOver = false;
  let written = 0;
  const write = async (index: number) => {
    const { sessionId } = await seedSession(database.pool, { state: 'CONNECTED' });
    await database.pool.query(`INSERT INTO session_keys VALUES ($1, 'creds', 'creds', 'x')`, [sessionId]);
    const owner = { sessionId, epoch: (await placeSession(database.pool, sessionId))!.epoch };
    for (let turn = 0; !isOver; turn++) {
      await previous.accept(sessionId, `${index} ${turn}`);
      await previous.receive(owner, { waMessageId: `${index}-${turn}` });
      for (const { waMessageId } of await previous.claim(owner)) await previous.outcome(owner, waMessageId, 'READ');
      await previous.list(sessionId);
      written += 2;
    }
  };
  const writers = Promise.all(Array.from({ length: WRITERS }, (_, index) => write(index)));
  const hasWritten = async (count: number) => {
    while (written < count) await Promise.race([writers, new Promise((resolve) => setTimeout(resolve, 5))]);
  };
  await hasWritten(200);
  await migrateFrom(database.pool, MIGRATION);
  await hasWritten(written + 200);
  isOver = true;
  await writers;

  const { rows } = await database.pool.query<{ messages: number; keys: number }>(
    'SELECT (SELECT count(*) FROM messages) AS messages, (SELECT count(*) FROM message_keys) AS keys',
  );
  expect(rows[0]).toEqual({ messages: written, keys: written });
  expect(await findViolations(database.pool)).toEqual([]);
});
