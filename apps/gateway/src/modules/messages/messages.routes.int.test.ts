import { newId, redisKeys } from '@wa-gate/kit';
import { claimOutbox, type Outcome, publishHints, recordOutcomes, storeInbound } from '@wa-gate/messaging';
import { createFaultProxy, type FaultProxy, testRedisUrl, waitFor } from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createGatewayFixture,
  type GatewayFixture,
  type TestSession,
  type TestUser,
} from '../../testing/gateway-fixture.ts';
import { msOf } from '../../testing/timing.ts';

let redisProxy: FaultProxy;
let fixture: GatewayFixture;
let user: TestUser;
let session: TestSession;

beforeAll(async () => {
  redisProxy = await createFaultProxy(testRedisUrl());
  fixture = await createGatewayFixture({}, { redis: redisProxy.url });
  user = await fixture.register();
  await fixture.startWorker('worker-1');
});
afterAll(async () => {
  await fixture?.close();
  await redisProxy?.close();
});
beforeEach(async () => {
  session = await fixture.createSession(user);
  await fixture.setState(session, 'CONNECTED');
});

const send = (body: Record<string, unknown>, query = '') =>
  fixture.call('POST', `/api/sessions/${session.slug}/send${query}`, { as: session.key, body });
const text = { to: '6281234567890@s.whatsapp.net', type: 'text', message: 'Hello from API!' };

const owner = () => ({ sessionId: session.id, epoch: 1 });
const claim = async () => waitFor(async () => (await claimOutbox(fixture.database.pool, [owner()], 10))[0]);

/** As the owner does it: commits the outcome, then publishes the hint. */
async function settle(waMessageId: string, state: Outcome['state'], more: Partial<Outcome> = {}, { hint = true } = {}) {
  const { moved } = await recordOutcomes(fixture.database.pool, [
    { ...owner(), waMessageId, state, at: new Date(), ...more },
  ]);
  if (hint) publishHints(fixture.redis, [{ sessionId: session.id, seq: 1, messages: moved }]);
}

describe('sending (MR-011)', () => {
  it('waits for the acknowledgement of the server, and answers `sent`', async () => {
    const answer = send(text);
    const item = await claim();
    expect(item).toMatchObject({ chatJid: text.to, request: { type: 'text', text: text.message } });
    await settle(item.waMessageId, 'SENT');
    const { status, body } = await answer;
    expect(status).toBe(200);
    const nobodyYet = {
      contactId: null,
      phoneNumber: `+${text.to.split('@')[0]}`,
      lid: null,
      jid: text.to,
      name: null,
    };
    expect(body.data).toEqual({
      messageId: item.messageId,
      waMessageId: item.waMessageId,
      status: 'sent',
      state: 'sent',
      chat: text.to,
      identities: { chat: nobodyYet },
    });
  });

  it('notifies the owner', async () => {
    const doorbells: string[] = [];
    const subscriber = fixture.redis.duplicate();
    await subscriber.connect();
    await subscriber.subscribe(redisKeys.sessionDoorbell(session.id));
    subscriber.on('message', (channel) => doorbells.push(channel));
    await send(text, '?wait=queued');
    await waitFor(() => doorbells.length > 0);
    subscriber.disconnect();
  });

  it('answers at once with ?wait=queued', async () => {
    const { status, body } = await send(text, '?wait=queued');
    expect([status, body.data.status, body.data.state]).toEqual([202, 'queued', 'queued']);
  });

  it('answers 202 with the present status when the time is over, and the message goes on', async () => {
    const { status, body } = await send(text, '?timeoutMs=0');
    expect([status, body.data.status]).toEqual([202, 'queued']);
    const item = await claim();
    expect(item.messageId).toBe(body.data.messageId);
    const slow = send(text, '?timeoutMs=2000');
    await claim();
    expect((await slow).body.data.status).toBe('sending');
  });

  it('waits on for the phone with ?wait=delivered', async () => {
    const answer = send(text, '?wait=delivered');
    const item = await claim();
    await settle(item.waMessageId, 'SENT');
    await settle(item.waMessageId, 'DELIVERED');
    const { status, body } = await answer;
    expect([status, body.data.status]).toEqual([200, 'delivered']);
  });

  it('tells why WhatsApp refused the message', async () => {
    const answer = send(text);
    const item = await claim();
    await settle(item.waMessageId, 'FAILED', { errorCode: '463', errorMessage: 'The account is time-locked.' });
    const { status, body } = await answer;
    expect(status).toBe(200);
    expect(body.data).toMatchObject({
      status: 'failed',
      error: { code: '463', message: 'The account is time-locked.' },
    });
  });

  it('finds the outcome in the database when the hint was lost', async () => {
    const answer = send(text, '?timeoutMs=20000');
    const item = await claim();
    await settle(item.waMessageId, 'SENT', {}, { hint: false });
    // Long before the time is over, when the row is read in any case.
    expect(await msOf(async () => expect((await answer).body.data.status).toBe('sent'))).toBeLessThan(10_000);
  });

  it('finds the outcome in the database while Redis is away', async () => {
    const answer = send(text);
    const first = await claim();
    redisProxy.set('refuse');
    await settle(first.waMessageId, 'SENT', {}, { hint: false });
    expect((await answer).body.data.status).toBe('sent');
    const during = send(text);
    const second = await claim();
    await settle(second.waMessageId, 'SENT', {}, { hint: false });
    expect((await during).body.data.status).toBe('sent');
    redisProxy.set('forward');
    await waitFor(async () => (await fixture.call('GET', '/health')).body.status === 'healthy');
  });

  it('keeps what only looks like an escape, and whole emojis', async () => {
    const message = 'C:\\u0000 \\\\ud83d 👋';
    await send({ to: text.to, message }, '?wait=queued');
    expect((await claim()).request).toEqual({ type: 'text', text: message });
  });

  it('goes to groups, and takes `text` for `message`', async () => {
    await send({ to: '120363041234567890@g.us', text: 'to all' }, '?wait=queued');
    expect(await claim()).toMatchObject({ chatJid: '120363041234567890@g.us', request: { text: 'to all' } });
  });

  it('keeps the metadata with the message', async () => {
    const { body } = await send({ ...text, metadata: { order: 7 } }, '?wait=queued');
    const found = await fixture.call('GET', `/api/messages/${body.data.messageId}`, { as: session.key });
    expect(found.body.data.metadata).toEqual({ order: 7 });
  });
});

describe('a send is refused', () => {
  it.each([
    ['INITIALIZING', false, 409, 'SESSION_NOT_CONNECTED', true],
    ['QR_REQUIRED', false, 409, 'SESSION_NOT_CONNECTED', false],
    ['QR_REQUIRED', true, 409, 'SESSION_NOT_CONNECTED', false],
    ['PAIRING', false, 409, 'SESSION_NOT_CONNECTED', true],
    ['CONNECTING', false, 409, 'SESSION_NOT_CONNECTED', true],
    ['LOGGED_OUT', false, 410, 'SESSION_LOGGED_OUT', false],
    ['LOGGED_OUT', true, 410, 'SESSION_LOGGED_OUT', false],
  ] as const)('in state %s (paired: %s) with %i', async (state, isPaired, status, code, retryable) => {
    await fixture.setState(session, state, isPaired);
    const answer = await send(text);
    expect([answer.status, answer.body.code, answer.body.retryable]).toEqual([status, code, retryable]);
    const { rowCount } = await fixture.database.pool.query('SELECT 1 FROM messages WHERE session_id = $1', [
      session.id,
    ]);
    expect(rowCount).toBe(0);
  });

  it.each(['RECONNECTING', 'CONNECTING', 'CONFLICT', 'ERROR'] as const)(
    'not in state %s, once paired',
    async (state) => {
      await fixture.setState(session, state);
      expect((await send(text, '?wait=queued')).status).toBe(202);
    },
  );

  it.each([
    [
      'another type',
      { to: text.to, type: 'hologram', media: { url: 'https://example.com/a.png' } },
      'MESSAGE_TYPE_UNSUPPORTED',
    ],
    ['no text', { to: text.to, type: 'text' }, 'VALIDATION'],
    ['two texts', { to: text.to, message: 'a', text: 'b' }, 'VALIDATION'],
    ['an empty text', { to: text.to, message: '' }, 'VALIDATION'],
    ['no recipient', { message: 'a' }, 'VALIDATION'],
    ['a wrong number', { to: '12', message: 'a' }, 'INVALID_RECIPIENT'],
    ['a field that is not known', { ...text, prio: 1 }, 'VALIDATION'],
    ['a text with U+0000', { to: text.to, message: 'a\u0000b' }, 'VALIDATION'],
    ['half an emoji', { to: text.to, message: 'a \ud83d' }, 'VALIDATION'],
    ['metadata with U+0000', { ...text, metadata: { key: 'a\u0000' } }, 'VALIDATION'],
  ])('for %s', async (_what, body, code) => {
    const answer = await send(body);
    expect([answer.status, answer.body.code]).toEqual([400, code]);
  });

  it('for a wait that is too long', async () => {
    expect((await send(text, '?timeoutMs=25001')).status).toBe(400);
    expect((await send(text, '?wait=read')).status).toBe(400);
  });

  it('for a session that was deleted meanwhile', async () => {
    await send(text, '?wait=queued'); // its key is remembered now
    await fixture.database.pool.query('DELETE FROM sessions WHERE id = $1', [session.id]);
    expect((await send(text)).status).toBe(404);
  });
});

describe('messages (MR-012)', () => {
  const inbound = (waMessageId: string) => ({
    ...owner(),
    id: newId(),
    waMessageId,
    chatJid: '15551234567@s.whatsapp.net',
    fromJid: '15551234567@s.whatsapp.net',
    fromMe: false,
    senderName: 'Ann',
    type: 'text' as const,
    text: 'hi',
    waTimestamp: new Date(1_700_000_000_000),
  });
  const list = async (query = '') =>
    (await fixture.call('GET', `/api/sessions/${session.slug}/messages${query}`, { as: session.key })).body.data;

  it('are listed newest first, page by page, each once', async () => {
    for (let i = 0; i < 5; i += 1) await storeInbound(fixture.database.pool, [inbound(`A${i}`)]);
    const first = await list('?limit=2');
    const second = await list(`?limit=2&cursor=${first.pagination.nextCursor}`);
    const third = await list(`?limit=2&cursor=${second.pagination.nextCursor}`);
    const ids = [first, second, third].flatMap(({ messages }) =>
      messages.map((m: { waMessageId: string }) => m.waMessageId),
    );
    expect(ids).toEqual(['A4', 'A3', 'A2', 'A1', 'A0']);
    expect(third.pagination).toMatchObject({ nextCursor: null, hasMore: false });
  });

  it('are filtered by direction and status', async () => {
    await storeInbound(fixture.database.pool, [inbound('B1')]);
    await send(text, '?wait=queued');
    await send(text, '?wait=queued');
    await claimOutbox(fixture.database.pool, [owner()], 1);
    expect((await list('?direction=inbound')).messages).toMatchObject([
      {
        waMessageId: 'B1',
        direction: 'inbound',
        status: 'received',
        state: 'received',
        from: '15551234567@s.whatsapp.net',
      },
    ]);
    expect((await list('?status=sending')).messages).toMatchObject([{ direction: 'outbound', state: 'sending' }]);
    expect((await list('?status=queued')).messages).toHaveLength(1);
  });

  it('refuse a cursor that is none', async () => {
    const { status } = await fixture.call('GET', `/api/sessions/${session.slug}/messages?cursor=x`, {
      as: session.key,
    });
    expect(status).toBe(400);
  });

  it('are found by id, by those who may', async () => {
    const { body } = await send(text, '?wait=queued');
    const url = `/api/messages/${body.data.messageId}`;
    const stranger = await fixture.register();
    const another = await fixture.createSession(user);
    expect((await fixture.call('GET', url, { as: user.token })).body.data).toMatchObject({
      sessionId: session.slug,
      text: text.message,
    });
    expect((await fixture.call('GET', url, { as: stranger.token })).status).toBe(404);
    expect((await fixture.call('GET', url, { as: another.key })).status).toBe(404);
    expect((await fixture.call('GET', '/api/messages/none', { as: user.token })).body.code).toBe('MESSAGE_NOT_FOUND');
  });
});
