import { type Ownership, placeSession, registerWorker, scaleTiming } from '@wa-gate/cluster';
import { newId } from '@wa-gate/kit';
import { createTestDatabase, seedSession, type TestDatabase, workerRegistration } from '@wa-gate/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { acceptMessage } from './accept.ts';
import { claimOutbox } from './outbox.ts';
import { type Outcome, recordOutcomes } from './outcomes.ts';
import { newWaMessageId } from './wa-message-id.ts';

const CHAT = '15550001@s.whatsapp.net';

let database: TestDatabase;
let owner: Ownership;

beforeAll(async () => {
  // One connection: its prepared statements are those of the test.
  database = await createTestDatabase({ max: 1 });
  await registerWorker(database.pool, workerRegistration('worker-1', { maxSessions: 10 }), scaleTiming(60));
  const { sessionId } = await seedSession(database.pool, { state: 'CONNECTED' });
  owner = { sessionId, epoch: (await placeSession(database.pool, sessionId))!.epoch };
});
afterAll(() => database?.drop());

async function send(): Promise<string> {
  const message = { messageId: newId(), waMessageId: newWaMessageId() };
  const request = { type: 'text' as const, text: 'hello' };
  await acceptMessage(database.pool, { ...message, sessionId: owner.sessionId, chatJid: CHAT, request });
  await claimOutbox(database.pool, [owner], 5);
  return message.waMessageId;
}

const outcome = (waMessageId: string, state: Outcome['state']): Outcome => ({
  ...owner,
  waMessageId,
  state,
  at: new Date(),
});

it.each([
  { statement: 'record-outcomes', more: {} },
  { statement: 'record-outcomes-of-members', more: { participant: '15550002@s.whatsapp.net', recipients: 2 } },
])('$statement of single messages is planned once a connection, however short its arrays are', async (its) => {
  const times = 20;
  for (let n = 0; n < times; n += 1) {
    const waMessageId = await send();
    await recordOutcomes(database.pool, [{ ...outcome(waMessageId, 'DELIVERED'), ...its.more }]);
  }
  const { rows } = await database.pool.query<{ again: number; kept: number }>(
    'SELECT custom_plans::int AS again, generic_plans::int AS kept FROM pg_prepared_statements WHERE name = $1',
    [its.statement],
  );
  // PostgreSQL plans for the values five times before it compares.
  expect(rows).toEqual([{ again: 5, kept: times - 5 }]);
});
