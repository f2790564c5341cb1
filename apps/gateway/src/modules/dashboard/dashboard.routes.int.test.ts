import { newId } from '@wa-gate/kit';
import { seedEvent } from '@wa-gate/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TestSession, TestUser } from '../../testing/gateway-fixture.ts';
import { dayThatLasts } from '../../testing/timing.ts';
import { useGateway } from '../../testing/use-gateway.ts';

const fixture = useGateway();
let user: TestUser;
let session: TestSession;
let other: TestSession;
beforeAll(dayThatLasts, 180_000);
beforeAll(async () => {
  user = await fixture.register();
  await fixture.startWorker('worker-1');
  [session, other] = [await fixture.createSession(user), await fixture.createSession(user)];
  await fixture.setState(session, 'CONNECTED');
  const stranger = await fixture.createSession(await fixture.register());
  await fixture.setState(stranger, 'CONNECTED');
  await message(stranger, { state: 'SENT' });
});

const query = (text: string, values: unknown[] = []) => fixture.database.pool.query(text, values);
const DAY_MS = 86_400_000;

interface Given {
  state?: string;
  chat?: string;
  inbound?: string;
  daysAgo?: number;
  tookMs?: number;
  error?: string;
  lane?: 'INTERACTIVE' | 'CAMPAIGN';
}

/** A message as accepting and sending would have left it, so many days ago. */
async function message(of: TestSession, given: Given): Promise<void> {
  const { state = 'SENT', chat = 'a@s.whatsapp.net', inbound, daysAgo = 0, tookMs, error, lane } = given;
  const at = Date.now() - daysAgo * DAY_MS;
  const hex = at.toString(16).padStart(12, '0');
  const id = `${hex.slice(0, 8)}-${hex.slice(8)}${newId().slice(13)}`;
  await query(
    `INSERT INTO messages (id, session_id, direction, wa_message_id, chat_jid, from_me, sender_name, kind, state, error_code,
       error_message, created_at, sent_at)
     VALUES ($1, $2, CASE WHEN $3 THEN 'OUTBOUND' ELSE 'INBOUND' END::"MessageDirection", $1::uuid::text, $4, $3::bool, $5, 'text',
       $6::"MessageState", $7, CASE WHEN $7::text IS NOT NULL THEN 'because' END, $8, $9)`,
    [
      id,
      of.id,
      inbound === undefined,
      chat,
      inbound ?? null,
      inbound === undefined ? state : 'RECEIVED',
      error ?? null,
      new Date(at),
      tookMs === undefined ? null : new Date(at + tookMs),
    ],
  );
  if (lane) {
    await query(
      `INSERT INTO outbox (message_id, session_id, lane, state, wa_message_id, chat_jid, request)
       VALUES ($1, $2, $3::"OutboxLane", 'QUEUED', $1::uuid::text, $4, '{}')`,
      [id, of.id, lane, chat],
    );
  }
}

const read = async (path: string, as = user.token) => {
  const { status, body } = await fixture.call('GET', `/api/dashboard/${path}`, { as });
  expect(status, JSON.stringify(body)).toBe(200);
  return body.data;
};

describe('GET /api/dashboard/metrics (MR-047)', () => {
  it('of nothing it is nothing', async () => {
    const nobody = await fixture.register();
    expect(await read('metrics', nobody.token)).toMatchObject({
      scope: 'workspace',
      connection: { status: 'disconnected', sessions: 0, connected: 0 },
      queues: { 'message-queue': 0, 'broadcast-queue': 0, 'webhook-queue': 0 },
      messagesSentToday: 0,
      successRate: 0,
      activeBroadcasts: 0,
      webhooks: { status: 'none', total: 0, lastDelivery: null },
    });
  });

  it('connection, queues, messages of today and their success (MR-104, MR-105, MR-106, MR-107, MR-108)', async () => {
    for (const state of ['SENT', 'DELIVERED', 'READ']) await message(session, { state });
    await message(other, { state: 'FAILED' });
    await message(session, { state: 'SENT', daysAgo: 2 });
    await message(session, { inbound: 'Ann' });
    await message(session, { state: 'QUEUED', lane: 'INTERACTIVE' });
    await message(session, { state: 'QUEUED', lane: 'INTERACTIVE' });
    await message(other, { state: 'QUEUED', lane: 'CAMPAIGN' });
    const broadcast = { message: 'Hello', sessionIds: [other.slug], recipients: ['+6281234567890'] };
    for (const start of [true, false]) {
      const body = { ...broadcast, start };
      expect((await fixture.call('POST', '/api/broadcast', { as: user.token, body })).status).toBe(201);
    }
    expect(await read('metrics')).toMatchObject({
      timestamp: expect.stringMatching(/Z$/),
      connection: { status: 'connected', sessions: 2, connected: 1 },
      queues: { 'message-queue': 2, 'broadcast-queue': 1, 'webhook-queue': 0 },
      messagesSentToday: 3,
      messagesFailedToday: 1,
      successRate: 75,
      activeBroadcasts: 1,
    });
  });

  it('webhooks (MR-109)', async () => {
    const put = (of: TestSession) =>
      fixture.call('PUT', `/api/sessions/${of.slug}/webhook`, {
        as: user.token,
        body: { url: 'https://example.com/' },
      });
    await put(session);
    await put(other);
    expect((await read('metrics')).webhooks).toMatchObject({ status: 'ok', total: 2, active: 2, failing: 0 });
    await query(`UPDATE webhooks SET failure_count = 3, last_delivery = '2026-01-15T10:30:00Z' WHERE session_id = $1`, [
      session.id,
    ]);
    await seedEvent(fixture.database.pool, session.id, { type: 'message.sent', seq: 1000 });
    await query(
      `INSERT INTO webhook_deliveries (webhook_id, session_id, seq) SELECT id, session_id, 1000 FROM webhooks WHERE session_id = $1`,
      [session.id],
    );
    const failing = await read('metrics');
    expect(failing.webhooks).toEqual({
      status: 'failing',
      total: 2,
      active: 2,
      failing: 1,
      pending: 1,
      lastDelivery: '2026-01-15T10:30:00.000Z',
    });
    expect(failing.queues['webhook-queue']).toBe(1);
    await query('UPDATE webhooks SET is_active = false');
    expect((await read('metrics')).webhooks).toMatchObject({ status: 'disabled', active: 0, failing: 0 });
  });

  it('the process (MR-110, MR-111, MR-112)', async () => {
    const { system } = await read('metrics');
    expect(system.memory.used).toBeGreaterThan(10);
    expect(system.memory.total).toBeGreaterThanOrEqual(system.memory.used);
    expect(system.uptime).toBeGreaterThan(0);
    expect(system.cpu).toBeGreaterThanOrEqual(0);
  });

  it('of a session key it is its session; of the platform it is for administrators who ask', async () => {
    const { connection, messagesFailedToday } = await read('metrics', other.key);
    expect([connection, messagesFailedToday]).toEqual([{ status: 'disconnected', sessions: 1, connected: 0 }, 1]);
    for (const path of ['metrics', 'history']) {
      const { status } = await fixture.call('GET', `/api/dashboard/${path}?scope=platform`, { as: user.token });
      expect(status).toBe(403);
    }
    const admin = await fixture.adminToken();
    expect(await read('metrics', admin)).toMatchObject({ scope: 'workspace', connection: { sessions: 0 } });
    expect(await read('metrics?scope=platform', admin)).toMatchObject({
      scope: 'platform',
      connection: { sessions: 3, connected: 2 },
      messagesSentToday: 4,
    });
    expect((await read('history?scope=platform', admin)).topContacts[0].messages).toBeGreaterThan(5);
  });
});

describe('GET /api/dashboard/history (MR-048)', () => {
  let mine: TestUser;
  let source: TestSession;
  beforeAll(async () => {
    mine = await fixture.register();
    source = await fixture.createSession(mine);
    await message(source, { tookMs: 100, chat: 'ann' });
    await message(source, { tookMs: 300, chat: 'ann', state: 'READ' });
    await message(source, { inbound: 'Ann', chat: 'ann' });
    await message(source, { chat: 'bob', state: 'FAILED', error: '463' });
    await message(source, { chat: 'bob', state: 'FAILED', error: '463' });
    await message(source, { chat: 'bob', state: 'UNKNOWN', error: 'SEND_UNCERTAIN' });
    await message(source, { chat: 'bob', tookMs: -50, daysAgo: 10 });
    await message(source, { chat: 'old', daysAgo: 400 });
  });
  const history = (by: string, as = mine.token) => read(`history?by=${by}`, as);

  it('messages by day, week and month (MR-113)', async () => {
    const byDay = await read('history', mine.token);
    expect(byDay.by).toBe('day');
    expect(byDay.messages).toHaveLength(30);
    const today = `${new Date().toISOString().slice(0, 10)}T00:00:00.000Z`;
    expect(byDay.messages.at(-1)).toEqual({ from: today, sent: 2, received: 1, failed: 3 });
    expect(byDay.messages.at(-11)).toMatchObject({ sent: 1, received: 0, failed: 0 });
    expect(byDay.messages.at(-2)).toMatchObject({ sent: 0, received: 0, failed: 0 });
    for (const [unit, length] of [
      ['week', 12],
      ['month', 12],
    ] as const) {
      const { messages } = await history(unit);
      const total = (key: string) =>
        messages.reduce((sum: number, entry: Record<string, number>) => sum + entry[key]!, 0);
      expect([messages.length, total('sent'), total('received'), total('failed')]).toEqual([length, 3, 1, 3]);
    }
  });

  it('top contacts (MR-114) and why messages failed (MR-115)', async () => {
    const { topContacts, failures } = await history('day');
    expect(topContacts).toEqual([
      { chat: 'bob', name: null, messages: 4, sent: 4, received: 0 },
      { chat: 'ann', name: 'Ann', messages: 3, sent: 2, received: 1 },
    ]);
    expect(failures).toEqual([
      { code: '463', reason: 'because', messages: 2 },
      { code: 'SEND_UNCERTAIN', reason: 'because', messages: 1 },
    ]);
  });

  it('response times, from accepting to the acknowledgement (MR-116)', async () => {
    const { responseTimes } = await history('day');
    expect(responseTimes.at(-1)).toMatchObject({ messages: 2, averageMs: 200, p50Ms: 200, p95Ms: 290 });
    expect(responseTimes.at(-11)).toMatchObject({ messages: 1, averageMs: 0, p50Ms: 0 });
    expect(responseTimes.at(-2)).toMatchObject({ messages: 0, averageMs: null, p50Ms: null, p95Ms: null });
  });

  it('requests by key, of this workspace alone (MR-117)', async () => {
    const { rows } = await query('SELECT user_id, workspace_id FROM sessions WHERE id = $1', [source.id]);
    const { user_id: account } = rows[0] as { user_id: string };
    const [key] = (await query('SELECT id, name FROM api_keys WHERE session_id = $1', [source.id])).rows;
    const use = (
      userId: string,
      keyId: string | null,
      count: number,
      month = 'now()',
      sessionId: string | null = null,
    ) =>
      query(
        `INSERT INTO usage_records (id, user_id, api_key_id, session_id, usage_count, billing_date)
         VALUES ($1, $2, $3, $5, $4, date_trunc('month', (${month}) AT TIME ZONE 'UTC'))`,
        [newId(), userId, keyId, count, sessionId],
      );
    const gone = newId();
    await use(account, key.id, 7, 'now()', source.id);
    await use(account, key.id, 5, `now() - interval '3 months'`, source.id);
    await use(account, null, 30);
    await use(account, gone, 1);
    const strange = await query(`SELECT k.id, k.user_id FROM api_keys k WHERE k.session_id = $1`, [session.id]);
    await use(strange.rows[0].user_id, strange.rows[0].id, 99);
    expect((await history('month')).apiUsage).toEqual([
      { keyId: null, name: null, requests: 30 },
      { keyId: key.id, name: key.name, requests: 12 },
      { keyId: gone, name: null, requests: 1 },
    ]);
    expect((await history('month', source.key)).apiUsage).toEqual([{ keyId: key.id, name: key.name, requests: 12 }]);
    // Who asks in the account without a key is nothing for members and keys of one of its workspaces.
    expect((await history('month', mine.apiKey)).apiUsage).toEqual([{ keyId: key.id, name: key.name, requests: 12 }]);
  });

  it('is read once for all who ask at the same time, and for each scope by itself', async () => {
    const { dashboard } = fixture.gateway.services;
    const platform = { workspaceId: null, accountId: null, sessionId: null, isOwnAccount: false };
    const one = { ...platform, sessionId: source.id };
    const [first, second, other] = await Promise.all(
      [platform, platform, one].map((scope) => dashboard.history(scope, 'day')),
    );
    expect(second).toBe(first);
    expect(other).not.toBe(first);
    expect(await dashboard.history(platform, 'day')).not.toBe(first);
  });

  it('refuses a unit that there is not', async () => {
    expect((await fixture.call('GET', '/api/dashboard/history?by=year', { as: mine.token })).status).toBe(400);
  });
});
