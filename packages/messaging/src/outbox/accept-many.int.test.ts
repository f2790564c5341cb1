import { newId } from '@wa-gate/kit';
import { createTestDatabase, type SeededSession, seedSession, type TestDatabase } from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { acceptMessage } from './accept.ts';
import { acceptMessages } from './accept-many.ts';
import type { AcceptedMessage } from './acceptance.ts';
import { hashRequest } from './idempotency.ts';
import { newWaMessageId } from './wa-message-id.ts';

let database: TestDatabase;
let session: SeededSession;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  session = await seedSession(database.pool, { state: 'CONNECTED' });
});

const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();
const message = (more: Partial<AcceptedMessage> = {}): AcceptedMessage => ({
  messageId: newId(),
  waMessageId: newWaMessageId(),
  sessionId: session.sessionId,
  chatJid: '15550001@s.whatsapp.net',
  request: { type: 'text', text: 'hello' },
  lane: 'BULK',
  ...more,
});
const acceptAll = (messages: readonly AcceptedMessage[]) => Promise.all(acceptMessages(database.pool, messages));
const keyed = (key: string, text = 'hello') => ({ key, requestHash: hashRequest({ text }) });
const rows = async () =>
  (
    await database.pool.query(
      `SELECT o.message_id AS id, o.lane, o.state, o.not_before AS "notBefore", o.expires_at AS "expiresAt", o.schedule, m.state AS message
       FROM outbox o JOIN messages m ON m.id = o.message_id WHERE o.session_id = $1 ORDER BY o.seq`,
      [session.sessionId],
    )
  ).rows;

describe('many messages (MR-034)', () => {
  it('are accepted in their order, those that are paced held, with their names', async () => {
    const messages = Array.from({ length: 1_200 }, (_, n) => message({ request: { type: 'text', text: `${n}` } }));
    expect(new Set((await acceptAll(messages)).map(({ outcome }) => outcome))).toEqual(new Set(['accepted']));
    const stored = await rows();
    expect(stored.map(({ id }) => id)).toEqual(messages.map(({ messageId }) => messageId));
    expect(new Set(stored.map(({ lane, state, message: of }) => `${lane} ${state} ${of}`))).toEqual(
      new Set(['BULK HELD QUEUED']),
    );
    const { rowCount } = await database.pool.query('SELECT FROM message_keys WHERE session_id = $1', [
      session.sessionId,
    ]);
    expect(rowCount).toBe(1_200);
  });

  it('go to several sessions, and one that refuses spoils no other', async () => {
    const other = await seedSession(database.pool, { state: 'LOGGED_OUT' });
    const outcomes = await acceptAll([
      message(),
      message({ sessionId: other.sessionId }),
      message({ sessionId: newId() }),
      message({ lane: 'INTERACTIVE' }),
    ]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['accepted', 'logged-out', 'unknown-session', 'accepted']);
    expect((await rows()).map(({ state }) => state)).toEqual(['HELD', 'QUEUED']);
  });

  it('with the same key twice in one request are one message, and another request under it is told', async () => {
    const messages = [
      message({ idempotency: keyed('a') }),
      message({ idempotency: keyed('b') }),
      message({ idempotency: keyed('a') }),
      message({ idempotency: keyed('b', 'other') }),
    ];
    const [first, second, third, fourth] = await acceptAll(messages);
    expect([first, second]).toEqual([{ outcome: 'accepted' }, { outcome: 'accepted' }]);
    expect(third).toEqual({ outcome: 'used', messageIds: [messages[0]!.messageId], isSameRequest: true });
    expect(fourth).toEqual({ outcome: 'used', messageIds: [messages[1]!.messageId], isSameRequest: false });
    expect(await rows()).toHaveLength(2);
  });

  it('twenty requests with the same keys at once make each message once', async () => {
    const make = () => Array.from({ length: 20 }, (_, n) => message({ idempotency: keyed(`k${n}`) }));
    const all = await Promise.all(Array.from({ length: 20 }, () => acceptAll(make())));
    expect(all.flat().filter(({ outcome }) => outcome === 'accepted')).toHaveLength(20);
    expect(await rows()).toHaveLength(20);
  });

  it('under a time-lock wait for its end in bulk and for later, and are refused otherwise: a broadcast has other sessions', async () => {
    await database.pool.query(`UPDATE sessions SET reachout_locked_until = now() + interval '1 hour' WHERE id = $1`, [
      session.sessionId,
    ]);
    const outcomes = await acceptAll([
      message(),
      message({ lane: 'CAMPAIGN' }),
      message({ lane: 'URGENT', schedule: { at: inHours(2) } }),
      message({ lane: 'URGENT' }),
    ]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['accepted', 'time-locked', 'accepted', 'time-locked']);
  });
});

describe('a message with a time (MR-036)', () => {
  it('is held with what its caller wrote of the time', async () => {
    const schedule = { at: inHours(5), timeZone: 'Asia/Jakarta', localTime: '2026-01-15T09:00' };
    const expiresAt = inHours(6);
    expect(await acceptMessage(database.pool, message({ lane: 'BULK', schedule, expiresAt }))).toEqual({
      outcome: 'accepted',
    });
    expect(await rows()).toMatchObject([
      { state: 'HELD', schedule, notBefore: new Date(schedule.at), expiresAt: new Date(expiresAt) },
    ]);
  });

  it.each([
    ['past', { schedule: { at: new Date(Date.now() - 61_000).toISOString() } }],
    ['too-far', { schedule: { at: inHours(367 * 24) } }],
    ['expired', { expiresAt: new Date(Date.now() - 1_000).toISOString() }],
  ])('is refused as %s by the clock of the database', async (outcome, more) => {
    expect(await acceptMessage(database.pool, message({ lane: 'INTERACTIVE', ...more }))).toEqual({ outcome });
    expect(await rows()).toEqual([]);
  });

  it('that has just passed goes now, behind what waits', async () => {
    const at = new Date(Date.now() - 10_000).toISOString();
    await acceptMessage(database.pool, message({ lane: 'INTERACTIVE' }));
    await acceptMessage(database.pool, message({ lane: 'URGENT', schedule: { at } }));
    const [first, second] = await rows();
    expect(second).toMatchObject({ state: 'QUEUED' });
    expect(second.notBefore.getTime()).toBeGreaterThanOrEqual(first.notBefore.getTime());
  });

  it('keeps its keys for a day and longer after its time', async () => {
    await acceptMessage(database.pool, message({ schedule: { at: inHours(100) }, idempotency: keyed('k') }));
    const { rows: keys } = await database.pool.query(
      `SELECT extract(epoch FROM expires_at - now()) / 3600 AS hours FROM idempotency_keys WHERE session_id = $1`,
      [session.sessionId],
    );
    expect(Number(keys[0].hours)).toBeCloseTo(124, 0);
  });
});
