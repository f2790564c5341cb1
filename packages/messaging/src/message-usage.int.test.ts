import { createPool, inTransaction, type Pool } from '@wa-gate/db';
import { firstIdAt } from '@wa-gate/kit';
import { createTestDatabase, type SeededSession, seedSession, type TestDatabase } from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { ALL_MESSAGE_USAGE, countCompleteHours, keepMessageCounts } from './message-usage.ts';

let database: TestDatabase;
let pool: Pool;
let session: SeededSession;
let serial = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool({ url: database.url, name: 'message-usage-test' });
});
afterAll(async () => {
  await pool?.end();
  await database?.drop();
});
beforeEach(async () => {
  await pool.query('TRUNCATE messages, message_usage CASCADE');
  await pool.query(`UPDATE message_usage_progress SET counted_before = '2000-01-01T00:00:00Z'`);
  session = await seedSession(pool);
});

type Kind = 'sent' | 'received' | 'on the phone';

/** A message with an id of that time. As an accept does, it locks the session. */
async function message(time: string, kind: Kind = 'sent', { sessionId } = session): Promise<string> {
  serial += 1;
  const id = firstIdAt(new Date(time)).slice(0, -12) + serial.toString(16).padStart(12, '0');
  const { rowCount } = await pool.query(
    `WITH s AS (SELECT id FROM sessions WHERE id = $2 FOR KEY SHARE)
     INSERT INTO messages (id, session_id, direction, wa_message_id, chat_jid, from_jid, from_me, kind, state)
     SELECT $1, s.id, $3::"MessageDirection", $4, 'chat', $5, $6, 'text', 'SENT' FROM s`,
    [
      id,
      sessionId,
      kind === 'received' ? 'INBOUND' : 'OUTBOUND',
      `M${serial}`,
      kind === 'sent' ? null : 'somebody',
      kind !== 'received',
    ],
  );
  if (!rowCount) throw new Error('the session is gone');
  return id;
}

const usage = async () => {
  const { rows } = await pool.query<{ hour: string; direction: string; count: number }>(
    `SELECT to_char(hour AT TIME ZONE 'UTC', 'MM-DD HH24') AS hour, direction, sum(count)::int AS count
     FROM (${ALL_MESSAGE_USAGE}) u WHERE user_id = $1 GROUP BY 1, 2 ORDER BY 1, 2`,
    [session.userId],
  );
  return rows.map(({ hour, direction, count }) => [hour, direction, count]);
};
const kept = async () => (await pool.query('SELECT FROM message_usage')).rowCount;
const countAll = async (now: string) => {
  while (await countCompleteHours(pool, new Date(now)));
};

it('counts what was accepted and what was received, not what was typed on the phone', async () => {
  await message('2026-01-15T10:00:00Z');
  await message('2026-01-15T10:59:59.999Z');
  await message('2026-01-15T11:00:00Z');
  await message('2026-01-15T10:30:00Z', 'received');
  await message('2026-01-15T10:30:00Z', 'on the phone');
  const expected = [
    ['01-15 10', 'INBOUND', 1],
    ['01-15 10', 'OUTBOUND', 2],
    ['01-15 11', 'OUTBOUND', 1],
  ];
  expect(await usage()).toEqual(expected);
  expect(await kept()).toBe(0);
  await countAll('2026-01-15T11:20:00Z');
  expect(await kept()).toBe(2);
  expect(await usage()).toEqual(expected);
  await countAll('2026-01-20T00:00:00Z');
  expect(await kept()).toBe(3);
  expect(await usage()).toEqual(expected);
});

it('leaves an hour alone until all its transactions have ended', async () => {
  await message('2026-01-15T10:30:00Z');
  await countAll('2026-01-15T11:09:59Z');
  expect(await kept()).toBe(0);
  await countAll('2026-01-15T11:10:00Z');
  expect(await kept()).toBe(1);
});

it('gives the same however often and by how many it is counted', async () => {
  for (let hour = 10; hour < 20; hour += 1) await message(`2026-01-15T${hour}:30:00Z`);
  await Promise.all(Array.from({ length: 4 }, () => countAll('2026-01-18T00:00:00Z')));
  await countAll('2026-01-18T00:00:00Z');
  expect((await usage()).map(([, , count]) => count)).toEqual(Array(10).fill(1));
});

it('counts months that nobody has counted, in steps', async () => {
  await message('2025-01-01T00:30:00Z');
  await message('2026-01-15T10:30:00Z');
  let rounds = 1;
  while (await countCompleteHours(pool, new Date('2026-02-01T00:00:00Z'))) rounds += 1;
  expect(rounds).toBeLessThan(6);
  expect(await kept()).toBe(2);
});

it('keeps the counts of rows that are deleted afterwards', async () => {
  const id = await message('2026-01-15T10:30:00Z');
  await countAll('2026-01-16T00:00:00Z');
  await pool.query('DELETE FROM messages WHERE id = $1', [id]);
  expect(await usage()).toEqual([['01-15 10', 'OUTBOUND', 1]]);
});

it('keeps the counts of a session that is deleted, of the present hour too', async () => {
  await message('2026-01-15T10:30:00Z');
  await message('2026-01-16T10:30:00Z');
  await countAll('2026-01-15T12:00:00Z');
  await message('2026-01-16T10:45:00Z', 'received');
  const before = await usage();
  await inTransaction(pool, async (tx) => {
    await keepMessageCounts(tx, session.sessionId);
    await tx.query('DELETE FROM sessions WHERE id = $1', [session.sessionId]);
  });
  expect(await usage()).toEqual(before);
  await countAll('2026-01-18T00:00:00Z');
  expect(await usage()).toEqual(before);
});

it('is exact while a session with messages on their way is deleted and hours are counted', async () => {
  for (let index = 0; index < 5; index += 1) await message('2026-01-15T10:30:00Z');
  // Of the present hour: those of an hour that may be counted are all there.
  const accepted: Promise<string>[] = [];
  for (let index = 0; index < 30; index += 1) accepted.push(message('2026-01-15T11:15:00Z'));
  const deleted = inTransaction(pool, async (tx) => {
    await keepMessageCounts(tx, session.sessionId);
    await tx.query('DELETE FROM sessions WHERE id = $1', [session.sessionId]);
  });
  const [results] = await Promise.all([Promise.allSettled(accepted), deleted, countAll('2026-01-15T11:30:00Z')]);
  const stored = results.filter(({ status }) => status === 'fulfilled').length;
  await countAll('2026-01-16T00:00:00Z');
  const counts = await usage();
  expect(counts.reduce((sum, [, , count]) => sum + Number(count), 0)).toBe(5 + stored);
});
