import { inTransaction, type Pool } from '@wa-gate/db';
import { createLogger, firstIdAt, systemClock } from '@wa-gate/kit';
import { countMessageStatistics } from '@wa-gate/messaging';
import { createTestDatabase, type SeededSession, seedSession, type TestDatabase } from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDeletionLoop } from '../../jobs/deletions/index.ts';
import { createHistoryRepository } from './history.repository.ts';
import { periodOf } from './history-period.ts';
import type { HistoryRecords } from './history-records.ts';
import type { DashboardScope } from './scope.ts';

/** The middle of a week that begins in another month, so that the edges of both units differ. */
const NOW = new Date('2026-07-01T12:40:00Z');
const PLATFORM: DashboardScope = { workspaceId: null, accountId: null, sessionId: null, isOwnAccount: false };
const TABLES = [
  'message_statistics',
  'message_response_statistics',
  'message_chat_statistics',
  'message_failure_statistics',
];

let database: TestDatabase;
let pool: Pool;
let session: SeededSession;
let serial = 0;
beforeAll(async () => {
  database = await createTestDatabase({ max: 10 });
  ({ pool } = database);
});
afterAll(() => database?.drop());
beforeEach(async () => {
  await pool.query('TRUNCATE sessions, messages CASCADE');
  await uncount();
  session = await seedSession(pool);
});

/** As if nothing had been counted yet: everything is read from the messages. */
async function uncount(): Promise<void> {
  await pool.query(`TRUNCATE ${TABLES.join(', ')}`);
  await pool.query(`UPDATE message_statistics_progress SET counted_before = '2000-01-01T00:00:00Z'`);
}

interface Given {
  state?: string;
  inbound?: string;
  chat?: string;
  tookMs?: number;
  error?: string;
  of?: SeededSession;
}

/** A message with an id of that time. */
async function message(time: string | Date, given: Given = {}): Promise<string> {
  const { state = 'SENT', inbound, chat = 'ann', tookMs, error, of = session } = given;
  const at = new Date(time);
  serial += 1;
  const id = firstIdAt(at).slice(0, -12) + serial.toString(16).padStart(12, '0');
  const isInbound = inbound !== undefined;
  await pool.query(
    `INSERT INTO messages (id, session_id, direction, wa_message_id, chat_jid, from_me, sender_name, kind, state, error_code,
       error_message, created_at, sent_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, 'text', $8, $9, $10, $11, $12)`,
    [
      id,
      of.sessionId,
      isInbound ? 'INBOUND' : 'OUTBOUND',
      `M${serial}`,
      chat,
      !isInbound,
      inbound ?? null,
      isInbound ? 'RECEIVED' : state,
      error ?? null,
      error === undefined ? null : 'because',
      at,
      tookMs === undefined ? null : new Date(at.getTime() + tookMs),
    ],
  );
  return id;
}

/** An outcome as the owner of the session writes it. */
const outcome = (id: string, state: string, tookMs: number | null, error: string | null = null) =>
  pool.query(
    `UPDATE messages SET state = $2, sent_at = created_at + $3 * interval '1 ms', error_code = $4,
       error_message = CASE WHEN $4::text IS NOT NULL THEN 'because' END WHERE id = $1`,
    [id, state, tookMs, error],
  );

const repository = () => createHistoryRepository(pool);
const read = (unit: 'week' | 'month', scope = PLATFORM) => repository().read(scope, unit, periodOf(unit, NOW));
const both = async () => ({ week: await read('week'), month: await read('month') });
async function countAll(now: Date | string = NOW): Promise<number> {
  let steps = 1;
  while (await countMessageStatistics(pool, new Date(now))) steps += 1;
  return steps;
}
const sorted = ({ periods, ...others }: HistoryRecords) => ({
  periods: periods
    .map((record) => ({ ...record, averageMs: record.averageMs && Math.round(record.averageMs) }))
    .sort((a, b) => a.period - b.period),
  ...others,
});
/** What was counted says the same as the messages themselves. */
async function expectTheSame(): Promise<void> {
  const fromCounts = await both();
  await uncount();
  const fromRows = await both();
  for (const unit of ['week', 'month'] as const) expect(sorted(fromCounts[unit])).toEqual(sorted(fromRows[unit]));
}

describe('weeks and months of the dashboard (MR-113, MR-114, MR-115, MR-116)', () => {
  it('are read from what was counted: rows that are deleted afterwards are in them', async () => {
    const [early] = [await message('2026-03-10T10:00:00Z', { tookMs: 200 }), await message('2026-06-30T09:00:00Z')];
    await message('2026-05-01T00:00:00Z', { inbound: 'Ann' });
    await countAll();
    const before = await both();
    await pool.query('DELETE FROM messages WHERE id = $1', [early]);
    expect(await both()).toEqual(before);
    expect(sorted(before.month).periods.map(({ period, sent, received }) => [period, sent, received])).toEqual([
      [7, 1, 0],
      [9, 0, 1],
      [10, 1, 0],
    ]);
    expect(before.month.topContacts).toEqual([{ chat: 'ann', name: 'Ann', messages: 3, sent: 2, received: 1 }]);
  });

  it('are right at the edges: the last and the first moment of a week, a month and an hour', async () => {
    for (const time of [
      '2026-05-31T23:59:59.999Z',
      '2026-06-01T00:00:00.000Z',
      '2026-06-28T23:59:59.999Z',
      '2026-06-29T00:00:00.000Z',
      '2026-06-30T23:59:59.999Z',
      '2026-07-01T00:00:00.000Z',
      '2026-07-01T11:59:59.999Z',
      '2026-07-01T12:00:00.000Z',
    ]) {
      await message(time);
    }
    await countAll();
    const sent = (records: HistoryRecords) =>
      Object.fromEntries(records.periods.map(({ period, sent: count }) => [period, count]));
    expect(sent((await both()).month)).toEqual({ 9: 1, 10: 4, 11: 3 });
    expect(sent((await both()).week)).toEqual({ 6: 1, 7: 1, 10: 1, 11: 5 });
    await expectTheSame();
  });

  it('have the hours that are not over, and those whose rows may still come', async () => {
    await message('2026-07-01T11:30:00Z');
    await message('2026-07-01T12:39:00Z', { state: 'FAILED', error: '463' });
    await countAll('2026-07-01T12:19:59Z');
    expect((await pool.query('SELECT FROM message_statistics')).rowCount).toBe(0);
    await countAll('2026-07-01T12:20:00Z');
    expect((await pool.query('SELECT FROM message_statistics')).rowCount).toBe(2);
    expect((await read('month')).periods).toMatchObject([{ sent: 1, failed: 1 }]);
    expect((await read('month')).failures).toEqual([{ code: '463', reason: 'because', messages: 1 }]);
    await expectTheSame();
  });

  it('get the outcome of a message that comes after it was counted, whatever it was before', async () => {
    const late = await message('2026-06-20T10:00:00Z', { state: 'QUEUED' });
    const uncertain = await message('2026-06-20T11:00:00Z', { state: 'UNKNOWN', error: 'SEND_UNCERTAIN' });
    const wrong = await message('2026-06-20T12:00:00Z', { state: 'QUEUED' });
    await countAll();
    await outcome(late, 'SENT', 5_000);
    await outcome(late, 'READ', 5_000);
    await outcome(uncertain, 'DELIVERED', 70);
    await outcome(wrong, 'FAILED', null, '463');
    const { periods, failures } = await read('month');
    expect(periods).toMatchObject([{ sent: 2, failed: 1, timed: 2, averageMs: 2_535 }]);
    expect(failures).toEqual([{ code: '463', reason: 'because', messages: 1 }]);
    await expectTheSame();
  });

  it('count months that nobody has counted in steps, and skip what is empty', async () => {
    for (const time of ['2025-08-01T00:30:00Z', '2025-08-01T23:00:00Z', '2026-06-01T10:00:00Z']) await message(time);
    expect(await countAll()).toBeLessThan(8);
    expect(await countMessageStatistics(pool, NOW)).toBe(false);
    await expectTheSame();
  });

  it('count nothing twice and nothing never when a counting is cut off in the middle', async () => {
    for (let hour = 0; hour < 20; hour += 1) await message(`2026-06-30T${String(hour).padStart(2, '0')}:30:00Z`);
    await pool.query(`CREATE FUNCTION cut_off() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'cut off'; END $$;
      CREATE TRIGGER cut_off BEFORE UPDATE ON message_statistics_progress FOR EACH ROW EXECUTE FUNCTION cut_off()`);
    await expect(countMessageStatistics(pool, NOW)).rejects.toThrow('cut off');
    expect((await pool.query('SELECT FROM message_statistics')).rowCount).toBe(0);
    await pool.query('DROP TRIGGER cut_off ON message_statistics_progress; DROP FUNCTION cut_off()');
    await Promise.all(Array.from({ length: 4 }, () => countAll()));
    expect((await read('month')).periods).toMatchObject([{ sent: 20 }]);
  });

  it('are exact while hours are counted, outcomes come late and a session is deleted', async () => {
    const doomed = await seedSession(pool);
    const ids: string[] = [];
    for (let index = 0; index < 60; index += 1) {
      const at = new Date(NOW.getTime() - (1 + index) * 3_600_000);
      ids.push(await message(at, { state: 'QUEUED', chat: `chat-${index % 7}` }));
      await message(at, { of: doomed });
    }
    const outcomes = ids.map(async (id, index) => {
      await outcome(
        id,
        index % 5 === 0 ? 'FAILED' : 'SENT',
        index % 5 === 0 ? null : index * 31,
        index % 5 === 0 ? 'X' : null,
      );
      if (index % 3 === 1) await outcome(id, 'READ', index * 31);
    });
    const deletion = inTransaction(pool, (tx) => tx.query('DELETE FROM sessions WHERE id = $1', [doomed.sessionId]));
    const reading = (async () => {
      for (let time = 0; time < 10; time += 1) {
        const { periods } = await read('month');
        const seen = periods.reduce((sum, { sent, failed }) => sum + sent + failed, 0);
        expect(seen).toBeLessThanOrEqual(120);
      }
    })();
    await Promise.all([...outcomes, deletion, reading, countAll(), countAll()]);
    await countAll();
    const { periods } = await read('month');
    expect(periods.reduce((sum, { sent, failed }) => sum + sent + failed, 0)).toBe(60);
    await expectTheSame();
  });

  it('are of the scope that is asked for, and go with a session', async () => {
    const other = await seedSession(pool);
    await message('2026-06-20T10:00:00Z');
    await message('2026-06-20T10:00:00Z', { of: other, chat: 'ben' });
    await countAll();
    const ofSession = { ...PLATFORM, sessionId: session.sessionId };
    expect((await read('week', ofSession)).topContacts.map(({ chat }) => chat)).toEqual(['ann']);
    await pool.query('DELETE FROM sessions WHERE id = $1', [other.sessionId]);
    expect((await read('week')).topContacts.map(({ chat }) => chat)).toEqual(['ann']);
    await createDeletionLoop({
      pool,
      finishRequest: () => Promise.reject(new Error('no deletion was requested here')),
      clock: systemClock,
      logger: createLogger({ service: 'test', level: 'silent' }),
    }).round();
    for (const table of TABLES) {
      expect((await pool.query(`SELECT FROM ${table} WHERE session_id = $1`, [other.sessionId])).rowCount).toBe(0);
    }
  });
});
