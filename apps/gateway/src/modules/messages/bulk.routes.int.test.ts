import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TestSession, TestUser } from '../../testing/gateway-fixture.ts';
import { useGateway } from '../../testing/use-gateway.ts';

const fixture = useGateway({}, { rateLimits: 'default' });
let user: TestUser;
let session: TestSession;

beforeAll(async () => {
  await fixture.startWorker('worker-1');
  await fixture.database.pool.query('UPDATE workers SET max_sessions = 1000');
});
beforeEach(async () => {
  user = await fixture.register();
  await fixture.database.pool.query(`UPDATE users SET tier = 'MAX' WHERE email = $1`, [user.email]);
  session = await fixture.createSession(user);
  await fixture.setState(session, 'CONNECTED');
});

const to = (n: number) => `+62812345${String(n).padStart(5, '0')}`;
const text = (n: number, more: object = {}) => ({ to: to(n), message: `hello ${n}`, ...more });
const bulk = (messages: unknown[], headers: Record<string, string> = {}) =>
  fixture.call('POST', '/api/messages/bulk', { as: session.key, body: { messages }, headers });
const rows = async () =>
  (
    await fixture.database.pool.query(
      `SELECT m.text, o.lane, o.state FROM outbox o JOIN messages m ON m.id = o.message_id WHERE o.session_id = $1 ORDER BY o.seq`,
      [session.id],
    )
  ).rows;

describe('POST /api/messages/bulk (MR-034)', () => {
  it('accepts a thousand messages, each with its result, in their order', async () => {
    const messages = Array.from({ length: 1_000 }, (_, n) => text(n, { clientMessageId: `c${n}` }));
    const { status, body } = await bulk(messages);
    expect(status).toBe(202);
    expect(body.data).toMatchObject({ accepted: 1_000, replayed: 0, refused: 0 });
    expect(body.data.results[7]).toMatchObject({
      index: 7,
      clientMessageId: 'c7',
      accepted: true,
      status: 'queued',
      messageId: expect.any(String),
    });
    const stored = await rows();
    expect(stored.map((row) => row.text)).toEqual(messages.map(({ message }) => message));
    expect(new Set(stored.map(({ lane, state }) => `${lane} ${state}`))).toEqual(new Set(['BULK HELD']));
  });

  it('a wrong message is refused alone, and says why', async () => {
    const { status, body } = await bulk([
      text(1),
      { to: 'nobody', message: 'x' },
      { to: to(2) },
      { to: to(3), type: 'hologram' },
      text(4, { surprise: true }),
      text(5, { priority: 'urgent' }),
      'no object',
      text(6, { scheduledAt: '2020-01-01T00:00:00Z' }),
      text(7, { priority: 'low' }),
    ]);
    expect(status).toBe(202);
    expect(body.data).toMatchObject({ accepted: 2, refused: 7 });
    expect(
      body.data.results.map((result: { refusal?: { code: string } }) => result.refusal?.code ?? 'accepted'),
    ).toEqual([
      'accepted',
      'INVALID_RECIPIENT',
      'VALIDATION',
      'MESSAGE_TYPE_UNSUPPORTED',
      'VALIDATION',
      'VALIDATION',
      'VALIDATION',
      'VALIDATION',
      'accepted',
    ]);
    expect((await rows()).map(({ lane }) => lane)).toEqual(['BULK', 'CAMPAIGN']);
  });

  it('repeated under its keys accepts nothing twice, whatever of it was accepted before', async () => {
    const key = { 'idempotency-key': 'campaign-1' };
    const first = await bulk([text(1), text(2)], key);
    const again = await bulk([text(1), text(2), text(3)], key);
    expect(again.body.data).toMatchObject({ accepted: 1, replayed: 2, refused: 0 });
    const ids = (answer: typeof first) =>
      answer.body.data.results.map((result: { messageId: string }) => result.messageId);
    expect(ids(again).slice(0, 2)).toEqual(ids(first));
    const other = await bulk([text(9)], key);
    expect(other.body.data.results[0].refusal.code).toBe('IDEMPOTENCY_MISMATCH');
    expect(await rows()).toHaveLength(3);
  });

  it('counts the messages that it accepts, and no others', async () => {
    await fixture.redis.flushdb();
    const used = async () =>
      (await fixture.call('GET', '/api/limits', { as: user.token })).body.data.tier.messagesPerHour.used;
    await bulk([text(1), text(2), { to: 'nobody', message: 'x' }, { nothing: true }]);
    expect(await used()).toBe(2);
  });

  it('is refused as a whole where the tier does not allow so many', async () => {
    const other = await fixture.register();
    await fixture.database.pool.query(`UPDATE users SET tier = 'BASIC' WHERE email = $1`, [other.email]);
    const own = await fixture.createSession(other);
    await fixture.setState(own, 'CONNECTED');
    const { status, body } = await fixture.call('POST', '/api/messages/bulk', {
      as: own.key,
      body: { messages: Array.from({ length: 101 }, (_, n) => text(n)) },
    });
    expect([status, body.code]).toEqual([429, 'TIER_MESSAGE_LIMIT']);
  });

  it.each([
    [[], 400],
    [Array.from({ length: 1_001 }, (_, n) => text(n)), 400],
    ['many', 400],
  ])('refuses what is no list of one to a thousand', async (messages, status) => {
    expect((await bulk(messages as unknown[])).status).toBe(status);
  });
});
