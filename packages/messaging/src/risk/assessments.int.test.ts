import { RISK_HISTORY_DAYS } from '@wa-gate/contracts';
import { firstIdAt, newId } from '@wa-gate/kit';
import { createTestDatabase, seedSession, type TestDatabase } from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { learnContacts } from '../contacts/learn.ts';
import { newWaMessageId } from '../outbox/wa-message-id.ts';
import { assessSession, claimAssessments, sweepRiskHistory } from './assessments.ts';
import { readRiskFigures } from './figures.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
let database: TestDatabase;
let sessionId: string;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  await database.pool.query('DELETE FROM sessions');
  ({ sessionId } = await seedSession(database.pool, { state: 'CONNECTED' }));
  await query(`UPDATE sessions SET paired_at = now() - interval '100 days' WHERE id = $1`, [sessionId]);
});

const query = async <T extends object>(sql: string, values: unknown[] = []) =>
  (await database.pool.query<T>(sql, values)).rows;
const number = (n: number) => `62811${1_000_000 + n}@s.whatsapp.net`;
/** An id of that age, unlike all others. */
const idOf = (agoMs: number) => firstIdAt(new Date(Date.now() - agoMs)).slice(0, 15) + newId().slice(15);

interface Written {
  to: string;
  agoMs?: number;
  state?: string;
  text?: string;
  errorCode?: string;
}
/** Messages of the account. */
async function wrote(messages: Written[]): Promise<void> {
  for (const { to, agoMs = 2 * HOUR, state = 'DELIVERED', text = `hello ${to}`, errorCode = null } of messages) {
    await query(
      `WITH m AS (INSERT INTO messages (id, session_id, direction, wa_message_id, chat_jid, from_me, kind, text, state, error_code, sent_at)
         VALUES ($1, $2, 'OUTBOUND', $3, $4, true, 'text', $5, $6, $7, now() - $8 * interval '1 ms') RETURNING *)
       INSERT INTO message_keys SELECT session_id, chat_jid, from_me, wa_message_id, id FROM m`,
      [idOf(agoMs), sessionId, newWaMessageId(), to, text, state, errorCode, agoMs],
    );
  }
}
const came = (from: string, agoMs = HOUR) =>
  query(
    `WITH m AS (INSERT INTO messages (id, session_id, direction, wa_message_id, chat_jid, from_me, kind, state)
       VALUES ($1, $2, 'INBOUND', $3, $4, false, 'text', 'RECEIVED') RETURNING *)
     INSERT INTO message_keys SELECT session_id, chat_jid, from_me, wa_message_id, id FROM m`,
    [idOf(agoMs), sessionId, newWaMessageId(), from],
  );
const figures = async () => (await readRiskFigures(database.pool, sessionId, new Date()))!;
const many = (count: number, more: Partial<Written> = {}, from = 0): Written[] =>
  Array.from({ length: count }, (_, n) => ({ to: number(from + n), ...more }));
async function assess() {
  await database.pool.query('UPDATE session_risk SET next_at = now()');
  await claimAssessments(database.pool, [sessionId], 50);
  return (await assessSession(database.pool, { sessionId, at: new Date() }))!;
}
const told = () =>
  query<{ data: { level: string; previousLevel: string } }>(
    `SELECT data FROM events WHERE session_id = $1 AND type = 'session.risk' ORDER BY seq`,
    [sessionId],
  );
const lock = (until: string | null) =>
  query('UPDATE sessions SET reachout_locked_until = $2, updated_at = now() WHERE id = $1', [sessionId, until]);
const inAnHour = () => new Date(Date.now() + HOUR).toISOString();

describe('the figures of an account (MR-097)', () => {
  it('strangers are those who had not written before, under any name; who answers later has answered', async () => {
    const lid = '99887766@lid';
    await learnContacts(database.pool, [{ sessionId, jid: number(1), altJid: lid, at: new Date() }]);
    await came(number(0), 3 * DAY);
    await came(lid, 3 * DAY);
    await wrote([
      { to: number(0) },
      { to: number(1) },
      { to: number(2) },
      { to: number(3), agoMs: 2 * DAY },
      { to: number(4), agoMs: 2 * DAY },
      { to: number(4), agoMs: HOUR },
      { to: '123@g.us' },
      { to: number(5), agoMs: 8 * DAY },
    ]);
    await came(number(3), DAY);
    expect(await figures()).toMatchObject({ people: 4, strangers: 2, asked: 2, answered: 1 });
  });

  it('refusals by what they are about, deliveries of what left an hour ago, the same text, and connections', async () => {
    await wrote([
      ...many(5, { text: 'Buy now!' }),
      { to: number(5), state: 'SENT' },
      { to: number(6), state: 'SENT', agoMs: 60_000 },
      { to: number(7), state: 'FAILED', errorCode: 'WA_CHAT_REFUSED' },
      { to: number(8), state: 'FAILED', errorCode: 'WA_RATE_LIMITED' },
      { to: number(9), state: 'FAILED', errorCode: 'WA_REACHOUT_TIMELOCK' },
      { to: number(10), state: 'QUEUED' },
    ]);
    await query(
      `WITH c AS (UPDATE session_counters SET last_seq = last_seq + 2 WHERE session_id = $1)
       INSERT INTO events (session_id, seq, type, data, created_at) SELECT $1, seq, 'connection.close', $2, now() - seq * interval '4 hours'
       FROM generate_series(1, 2) seq`,
      [sessionId, JSON.stringify({ code: '428', reason: 'The connection was lost.', reconnects: true })],
    );
    expect(await figures()).toMatchObject({
      sent: 7,
      settled: 6,
      delivered: 5,
      refusedChats: 1,
      rateLimited: 1,
      sameText: 5,
      people: 7,
      disconnects: 1,
    });
  });

  it('what WhatsApp has said: a lock, a cap of a cycle that goes on, a refusal', async () => {
    expect(await figures()).toMatchObject({ isLocked: false, hoursSinceLock: null, capping: null, isRefused: false });
    const cap = (hours: number) =>
      query('UPDATE sessions SET message_capping = $2 WHERE id = $1', [
        sessionId,
        { status: 'capped', used: 9, total: 9, cycleEndsAt: new Date(Date.now() + hours * HOUR).toISOString() },
      ]);
    await lock(inAnHour());
    await cap(1);
    expect(await figures()).toMatchObject({ isLocked: true, capping: 'capped', daysLinked: expect.closeTo(100, 1) });
    await lock(new Date(Date.now() - 3 * HOUR).toISOString());
    await cap(-1);
    await query(`UPDATE sessions SET state = 'BANNED' WHERE id = $1`, [sessionId]);
    const after = await figures();
    expect(after).toMatchObject({ isLocked: false, capping: null, isRefused: true });
    expect(after.hoursSinceLock).toBeCloseTo(3, 1);
    expect(await readRiskFigures(database.pool, newId(), new Date())).toBeNull();
  });
});

describe('assessments (MR-097, I11)', () => {
  it('a new level is told once, in both directions, and each movement stands in the history', async () => {
    expect(await assess()).toMatchObject({ score: 0, level: 'low', appended: null });
    await lock(inAnHour());
    expect(await assess()).toMatchObject({ score: 55, level: 'high', hasCrossed: true });
    expect(await assess()).toMatchObject({ score: 55, hasCrossed: false, appended: null });
    await lock(null);
    expect(await assess()).toMatchObject({ score: 35, level: 'elevated' });
    expect((await told()).map(({ data }) => [data.previousLevel, data.level])).toEqual([
      ['low', 'high'],
      ['high', 'elevated'],
    ]);
    const history = await query<{ score: number }>(
      'SELECT score FROM session_risk_history WHERE session_id = $1 ORDER BY at',
      [sessionId],
    );
    expect(history.map(({ score }) => score)).toEqual([0, 55, 35]);
  });

  it('two processes that assess at once tell a new level once', async () => {
    await assess();
    await lock(inAnHour());
    const due = { sessionId, at: new Date() };
    await Promise.all(Array.from({ length: 4 }, () => assessSession(database.pool, due)));
    expect(await told()).toHaveLength(1);
  });

  it('a threshold of its own moves the guard, and none switches it off', async () => {
    const guardAt = (riskGuard: number | null) =>
      query(
        `INSERT INTO session_pacing (session_id, settings) VALUES ($1, $2) ON CONFLICT (session_id) DO UPDATE SET settings = excluded.settings`,
        [sessionId, { riskGuard }],
      );
    await lock(inAnHour());
    const since = async () =>
      (await query<{ since: Date | null }>('SELECT guarded_since AS since FROM session_risk'))[0]!.since;
    await guardAt(90);
    expect(await assess()).toMatchObject({ level: 'high', hasCrossed: false });
    await guardAt(30);
    expect(await assess()).toMatchObject({ hasCrossed: true });
    expect(await since()).not.toBeNull();
    await guardAt(null);
    await assess();
    expect(await since()).toBeNull();
  });

  it('are due at once for a session that is new, changed or refused, later for one that has sent, and hourly at rest', async () => {
    const due = async (refused: string[] = []) => (await claimAssessments(database.pool, refused, 50)).length;
    const later = (seconds: number) =>
      query(
        `UPDATE session_risk SET next_at = next_at - $1 * interval '1 s', assessed_at = assessed_at - $1 * interval '1 s'`,
        [seconds],
      );
    expect(await due()).toBe(1);
    await assessSession(database.pool, { sessionId, at: new Date() });
    expect(await due()).toBe(0);
    expect(await due([sessionId])).toBe(1);
    await query(`UPDATE sessions SET updated_at = now() - interval '1 day' WHERE id = $1`, [sessionId]);
    await later(400);
    expect(await due()).toBe(0);
    await wrote([{ to: number(0), agoMs: 60_000 }]);
    expect(await due()).toBe(1);
    await assessSession(database.pool, { sessionId, at: new Date() });
    await query('UPDATE sessions SET updated_at = now() WHERE id = $1', [sessionId]);
    expect(await due()).toBe(0);
    await query(`UPDATE session_risk SET assessed_at = now() - interval '15 s'`);
    expect(await due()).toBe(1);
    await query(`UPDATE sessions SET updated_at = now() - interval '1 day' WHERE id = $1`, [sessionId]);
    await assessSession(database.pool, { sessionId, at: new Date() });
    await later(3_700);
    expect(await due()).toBe(1);
  });

  it('entries that are older than a month are deleted', async () => {
    await assess();
    await query(
      `INSERT INTO session_risk_history SELECT session_id, now() - $1 * interval '1 day', 0, 'low', '{}' FROM session_risk`,
      [RISK_HISTORY_DAYS + 1],
    );
    expect(await sweepRiskHistory(database.pool, 10)).toBe(1);
    expect(await sweepRiskHistory(database.pool, 10)).toBe(0);
  });
});
