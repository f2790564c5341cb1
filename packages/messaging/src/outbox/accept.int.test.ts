import { newId } from '@wa-gate/kit';
import { createTestDatabase, type SeededSession, seedSession, type TestDatabase } from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { acceptMessage } from './accept.ts';
import type { AcceptedMessage, AcceptedPart } from './acceptance.ts';
import { hashRequest } from './idempotency.ts';
import { newWaMessageId } from './wa-message-id.ts';

let database: TestDatabase;
let session: SeededSession;

beforeAll(async () => {
  database = await createTestDatabase({ max: 20 });
});
afterAll(() => database?.drop());
beforeEach(async () => {
  session = await seedSession(database.pool, { state: 'CONNECTED' });
});

const CHAT = '15550001@s.whatsapp.net';

function accept(changes: Partial<AcceptedMessage> = {}) {
  return acceptMessage(database.pool, {
    messageId: newId(),
    waMessageId: newWaMessageId(),
    sessionId: session.sessionId,
    chatJid: CHAT,
    request: { type: 'text', text: 'hello' },
    ...changes,
  });
}

const setSession = (assignments: string) =>
  database.pool.query(`UPDATE sessions SET ${assignments} WHERE id = $1`, [session.sessionId]);
const count = async (table: 'messages' | 'outbox' | 'idempotency_keys') =>
  (await database.pool.query(`SELECT 1 FROM ${table} WHERE session_id = $1`, [session.sessionId])).rowCount;
const requestHash = hashRequest({ text: 'hello' });

describe('a request with a key', () => {
  it('makes one message, however often it comes at once', async () => {
    const ids = Array.from({ length: 50 }, () => newId());
    const answers = await Promise.all(
      ids.map((messageId) => accept({ messageId, idempotency: { key: 'k1', requestHash } })),
    );
    const accepted = ids.filter((_, n) => answers[n]!.outcome === 'accepted');
    expect(accepted).toHaveLength(1);
    const replayed = answers.filter((answer) => answer.outcome === 'used');
    expect(replayed).toHaveLength(49);
    for (const answer of replayed) expect(answer).toMatchObject({ messageIds: accepted, isSameRequest: true });
    expect([await count('messages'), await count('outbox'), await count('idempotency_keys')]).toEqual([1, 1, 1]);
  });

  it('is told from another request under the same key', async () => {
    await accept({ idempotency: { key: 'k1', requestHash } });
    const other = await accept({ idempotency: { key: 'k1', requestHash: hashRequest({ text: 'other' }) } });
    expect(other).toMatchObject({ outcome: 'used', isSameRequest: false });
    expect(await count('messages')).toBe(1);
  });

  it('is a new message when the key has expired, once', async () => {
    await accept({ idempotency: { key: 'k1', requestHash } });
    await database.pool.query(
      `UPDATE idempotency_keys SET expires_at = now() - interval '1 second' WHERE session_id = $1`,
      [session.sessionId],
    );
    const other = hashRequest({ text: 'other' });
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => accept({ idempotency: { key: 'k1', requestHash: other } })),
    );
    expect(answers.filter(({ outcome }) => outcome === 'accepted')).toHaveLength(1);
    expect(await count('messages')).toBe(2);
  });

  it('is known for a day by its key, and for thirty by the id of the caller', async () => {
    await accept({ idempotency: { key: 'k1', clientMessageId: 'c1', requestHash } });
    const { rows } = await database.pool.query(
      `SELECT key, round(extract(epoch FROM expires_at - now()) / 3600)::int AS hours FROM idempotency_keys
       WHERE session_id = $1 ORDER BY key`,
      [session.sessionId],
    );
    expect(rows).toEqual([
      { key: 'client:c1', hours: 720 },
      { key: 'key:k1', hours: 24 },
    ]);
  });

  it('is found by the id of the caller under a new key, and by that key afterwards', async () => {
    const messageId = newId();
    await accept({ messageId, idempotency: { key: 'k1', clientMessageId: 'c1', requestHash } });
    for (let round = 0; round < 2; round += 1) {
      const again = await accept({ idempotency: { key: 'k2', clientMessageId: 'c1', requestHash } });
      expect(again).toMatchObject({ outcome: 'used', isSameRequest: true });
      expect(again.outcome === 'used' && again.messageIds).toContain(messageId);
    }
    expect(await count('messages')).toBe(1);
  });

  it('stores nothing of a request that is refused for one of its two keys', async () => {
    await accept({ idempotency: { clientMessageId: 'c1', requestHash } });
    const other = hashRequest({ text: 'another one' });
    const refused = await accept({ idempotency: { key: 'k1', clientMessageId: 'c1', requestHash: other } });
    expect(refused).toMatchObject({ outcome: 'used', isSameRequest: false });
    expect(await count('idempotency_keys')).toBe(1);
    expect(await accept({ idempotency: { key: 'k1', requestHash: other } })).toEqual({ outcome: 'accepted' });
  });

  it('does not confuse a key with an id of the caller', async () => {
    await accept({ idempotency: { key: 'client:a', requestHash } });
    expect(await accept({ idempotency: { clientMessageId: 'a', requestHash } })).toEqual({ outcome: 'accepted' });
  });

  it('stores nothing when it is refused, and is found although the session refuses by now', async () => {
    await setSession(`state = 'LOGGED_OUT', paired_at = NULL`);
    const refused = await accept({ idempotency: { key: 'k1', requestHash } });
    expect([refused.outcome, await count('idempotency_keys')]).toEqual(['logged-out', 0]);

    await setSession(`state = 'CONNECTED', paired_at = now()`);
    const messageId = newId();
    expect(await accept({ messageId, idempotency: { key: 'k1', requestHash } })).toEqual({ outcome: 'accepted' });
    await setSession(`state = 'LOGGED_OUT', paired_at = NULL`);
    expect(await accept({ idempotency: { key: 'k1', requestHash } })).toEqual({
      outcome: 'used',
      messageIds: [messageId],
      isSameRequest: true,
    });
  });

  it('counts as the same in whatever order its members come', () => {
    expect(hashRequest({ a: 1, b: { c: [2, 3], d: 4 } })).toEqual(hashRequest({ b: { d: 4, c: [2, 3] }, a: 1 }));
    expect(hashRequest({ a: [1, 2] })).not.toEqual(hashRequest({ a: [2, 1] }));
  });
});

describe('a message with parts', () => {
  const part = (text: string): AcceptedPart => ({
    messageId: newId(),
    waMessageId: newWaMessageId(),
    request: { type: 'text', text },
  });
  const stored = async () => {
    const { rows } = await database.pool.query(
      `SELECT o.message_id AS id, o.wa_message_id AS "waMessageId", o.request->>'text' AS text, o.chat_jid AS chat, m.text AS shown,
         m.metadata, o.fail_if_uncertain AS fails, k.message_id AS named
       FROM outbox o JOIN messages m ON m.id = o.message_id
       JOIN message_keys k ON k.session_id = o.session_id AND k.chat_jid = o.chat_jid AND k.from_me AND k.wa_message_id = o.wa_message_id
       WHERE o.session_id = $1 ORDER BY o.seq`,
      [session.sessionId],
    );
    return rows;
  };

  it('is accepted with them, in their order, each under its own id (MR-011)', async () => {
    const messageId = newId();
    const parts = Array.from({ length: 30 }, (_, index) => part(`part ${index}`));
    const metadata = { order: 7 };
    expect(await accept({ messageId, parts, metadata, failIfUncertain: true })).toEqual({ outcome: 'accepted' });
    const rows = await stored();
    expect(rows.map(({ id }) => id)).toEqual([messageId, ...parts.map((each) => each.messageId)]);
    expect(rows.map(({ named }) => named)).toEqual(rows.map(({ id }) => id));
    expect(rows.slice(1).map(({ text }) => text)).toEqual(parts.map((_, index) => `part ${index}`));
    for (const row of rows) expect(row).toMatchObject({ chat: CHAT, shown: row.text, metadata, fails: true });
    const { rows: found } = await database.pool.query('SELECT content FROM messages WHERE id = $1', [messageId]);
    expect(found[0].content).toEqual({
      parts: parts.map(({ messageId: id, waMessageId }) => ({ messageId: id, waMessageId })),
    });
  });

  it('is accepted once with its keys, and a repetition stores none of its parts', async () => {
    const parts = () => [part('a'), part('b')];
    const messageId = newId();
    const idempotency = { key: 'k1', clientMessageId: 'c1', requestHash };
    const answers = [await accept({ messageId, parts: parts(), idempotency })];
    answers.push(await accept({ parts: parts(), idempotency }));
    expect(answers).toEqual([
      { outcome: 'accepted' },
      { outcome: 'used', messageIds: [messageId, messageId], isSameRequest: true },
    ]);
    expect([await count('messages'), await count('outbox'), await count('idempotency_keys')]).toEqual([3, 3, 2]);
  });

  it('is refused as a whole', async () => {
    await setSession(`state = 'LOGGED_OUT', paired_at = NULL`);
    expect((await accept({ parts: [part('a'), part('b')] })).outcome).toBe('logged-out');
    expect([await count('messages'), await count('outbox')]).toEqual([0, 0]);
  });
});

describe('while WhatsApp’s time-lock lasts', () => {
  beforeEach(() => setSession(`reachout_locked_until = now() + interval '89 seconds'`));

  async function chatWith(column: 'chat_jid' | 'chat_alt_jid', state: 'QUEUED' | 'FAILED' | 'SENT' | 'RECEIVED') {
    const other = column === 'chat_jid' ? 'chat_alt_jid' : 'chat_jid';
    await database.pool.query(
      `WITH message AS (
         INSERT INTO messages (id, session_id, direction, wa_message_id, ${column}, ${other}, from_me, kind, state)
         VALUES ($1, $2, 'INBOUND', $3, $4, '77@lid', false, 'text', $5::"MessageState") RETURNING *
       ) INSERT INTO message_keys SELECT session_id, chat_jid, from_me, wa_message_id, id FROM message`,
      [newId(), session.sessionId, newWaMessageId(), CHAT, state],
    );
  }

  it('no chat is begun, and the caller hears until when', async () => {
    const answer = await accept();
    expect(answer).toMatchObject({ outcome: 'time-locked', until: expect.any(Date) });
    const seconds = answer.outcome === 'time-locked' ? answer.retryAfterSeconds : 0;
    expect(seconds).toBeGreaterThan(80);
    expect(seconds).toBeLessThanOrEqual(90);
    expect(await count('messages')).toBe(0);
  });

  it.each([
    ['chat_jid', 'RECEIVED'],
    ['chat_jid', 'SENT'],
    ['chat_alt_jid', 'RECEIVED'],
  ] as const)('a chat goes on that has begun (%s, %s)', async (column, state) => {
    await chatWith(column, state);
    expect(await accept()).toEqual({ outcome: 'accepted' });
  });

  it.each(['QUEUED', 'FAILED'] as const)('a message that is %s has begun no chat', async (state) => {
    await chatWith('chat_jid', state);
    expect((await accept()).outcome).toBe('time-locked');
  });

  it('groups are not concerned', async () => {
    expect(await accept({ chatJid: '120363041234567890@g.us' })).toEqual({ outcome: 'accepted' });
  });

  it('ends by itself', async () => {
    await setSession(`reachout_locked_until = now() - interval '1 second'`);
    expect(await accept()).toEqual({ outcome: 'accepted' });
  });
});

describe('WhatsApp’s cap on new chats', () => {
  const cap = (status: string, cycleEndsIn: string) =>
    setSession(`message_capping = jsonb_build_object('status', '${status}', 'used', 10, 'total', 10,
      'cycleEndsAt', to_char((now() + interval '${cycleEndsIn}') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))`);

  it('holds back new chats once it is used up, until its cycle ends', async () => {
    await cap('capped', '2 hours');
    const answer = await accept();
    expect(answer.outcome).toBe('time-locked');
    expect(answer.outcome === 'time-locked' && answer.retryAfterSeconds).toBeGreaterThan(7_000);
  });

  it.each([
    ['second_warning', '2 hours'],
    ['capped', '-1 minute'],
  ])('holds back nothing when it says %s and ends in %s', async (status, cycleEndsIn) => {
    await cap(status, cycleEndsIn);
    expect(await accept()).toEqual({ outcome: 'accepted' });
  });

  it('does not shorten a time-lock', async () => {
    await cap('capped', '1 minute');
    await setSession(`reachout_locked_until = now() + interval '3 hours'`);
    const answer = await accept();
    expect(answer.outcome === 'time-locked' && answer.retryAfterSeconds).toBeGreaterThan(10_000);
  });
});
