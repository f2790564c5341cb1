import { type Ownership, placeSession, registerWorker, scaleTiming } from '@wa-gate/cluster';
import { createPool } from '@wa-gate/db';
import { newId } from '@wa-gate/kit';
import { createTestDatabase, seedSession, type TestDatabase, waitFor, workerRegistration } from '@wa-gate/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findViolations } from '../invariants/invariants.ts';
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

it('a statement that another one overtakes moves the message on from there, and each step is told once (I11)', async () => {
  const waMessageId = await send();
  const pool = createPool({ url: database.url, name: 'outcomes', max: 2 });
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const first = await recordOutcomes(client, [outcome(waMessageId, 'SENT')]);
    const second = recordOutcomes(pool, [outcome(waMessageId, 'SENT'), outcome(waMessageId, 'READ')]);
    await waitFor(async () => {
      const { rows } = await database.pool.query(
        `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      return rows.length === 1;
    });
    await client.query('COMMIT');
    const types = (recorded: { events: { type: string }[] }) => recorded.events.map(({ type }) => type);
    expect(types(first)).toEqual(['message.sent']);
    expect(types(await second)).toEqual(['message.delivered', 'message.read']);
    expect((await second).moved).toMatchObject([{ state: 'READ' }]);
  } finally {
    client.release();
    await pool.end();
  }
  const violations = await findViolations(database.pool);
  expect(violations.filter(({ invariant }) => invariant === 'I11')).toEqual([]);
});
