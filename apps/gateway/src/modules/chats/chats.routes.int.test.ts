import { type InboundMessage, learnContacts, publishContactMerges, recordOutcomes } from '@wa-gate/messaging';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TestSession, TestUser } from '../../testing/gateway-fixture.ts';
import { receive } from '../../testing/inbound.ts';
import { useGateway } from '../../testing/use-gateway.ts';
import { createMessageIndex } from '../message-index/index.ts';

const fixture = useGateway();
let user: TestUser;
let session: TestSession;

const ANN = '6281123456789@s.whatsapp.net';
const ANN_LID = '111222333@lid';
const BOB = '6281987654321@s.whatsapp.net';
const GROUP = '120363041234567890@g.us';

beforeAll(async () => {
  await fixture.startWorker('worker-1');
  await fixture.database.pool.query('UPDATE workers SET max_sessions = 1000');
});
beforeEach(async () => {
  user = await fixture.register();
  session = await fixture.createSession(user);
  await fixture.setState(session, 'CONNECTED');
});

const come = (chatJid: string, more: Partial<InboundMessage> = {}, to = session) =>
  receive(fixture, to, { chatJid, ...more });
const list = (query = '', as = user.token, path = '/api/chats') => fixture.call('GET', `${path}${query}`, { as });
interface Shown {
  chat: string;
  unreadCount: number;
  name: string | null;
}
async function chats(query = '', as = user.token, path?: string): Promise<Shown[]> {
  const { status, body } = await list(query, as, path);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.data.chats;
}
const unread = async (query = '') =>
  (await chats(query)).map(({ chat, unreadCount }) => [chat.split('@')[0], unreadCount]);

describe('GET /api/chats (MR-035)', () => {
  it('shows the chats with names, last message and what is unread, the latest first', async () => {
    await come(ANN_LID, { chatAltJid: ANN, senderName: 'Ann', text: 'hello' });
    await come(BOB, { text: 'first' });
    const last = await come(GROUP, { fromJid: BOB, text: 'in the group' });
    await come(ANN, { text: 'again' });
    const [ann, group, bob] = await chats();
    expect(ann).toMatchObject({
      chat: ANN_LID,
      sessionId: session.slug,
      isGroup: false,
      name: 'Ann',
      identity: { phoneNumber: '+6281123456789', lid: ANN_LID },
      unreadCount: 2,
      lastMessage: { text: 'again', chat: ANN },
    });
    expect(group).toMatchObject({ chat: GROUP, isGroup: true, unreadCount: 1, lastMessage: { id: last } });
    expect(bob).toMatchObject({ chat: BOB, unreadCount: 1, lastMessage: { text: 'first' } });
  });

  it('is read when the account answers, here or on its phone; what waits or was refused is no answer', async () => {
    await come(ANN);
    await come(BOB);
    await come(ANN, { fromJid: '1@s.whatsapp.net', fromMe: true, text: 'typed on the phone' });
    expect(await unread()).toEqual([
      ['6281123456789', 0],
      ['6281987654321', 1],
    ]);
    const sent = await fixture.call('POST', '/api/messages/send', {
      as: session.key,
      body: { to: BOB, message: 'hi' },
    });
    expect(await unread()).toEqual([
      ['6281123456789', 0],
      ['6281987654321', 1],
    ]);
    const { waMessageId } = sent.body.data;
    const outcome = { sessionId: session.id, epoch: 1, waMessageId, at: new Date() };
    await recordOutcomes(fixture.database.pool, [{ ...outcome, state: 'SENT' }]);
    expect(await unread()).toEqual([
      ['6281987654321', 0],
      ['6281123456789', 0],
    ]);
    await come(BOB);
    expect(await unread('?unread=true')).toEqual([['6281987654321', 1]]);
    expect(await unread('?unread=false')).toEqual([['6281123456789', 0]]);
  });

  it('is read up to the messages that were marked as read, by whatever name of the chat', async () => {
    const index = createMessageIndex({ pool: fixture.database.pool });
    await come(ANN_LID, { chatAltJid: ANN });
    const second = await come(ANN);
    await come(ANN_LID, { chatAltJid: ANN });
    await come(BOB);
    await index.markRead(session.id, [second]);
    expect(await unread()).toEqual([
      ['6281987654321', 1],
      ['111222333', 1],
    ]);
    const last = await come(ANN);
    await index.markRead(session.id, [last, second]);
    expect(await unread('?unread=true')).toEqual([['6281987654321', 1]]);
    await come(ANN);
    await index.markRead(session.id, [second]);
    expect(await unread('?unread=true')).toEqual([
      ['111222333', 1],
      ['6281987654321', 1],
    ]);
  });

  it('counts a message once, however often it is told: unreadable, then readable', async () => {
    const stub = { waMessageId: 'S1', isStub: true, type: 'unknown' as const, text: undefined };
    await come(ANN, { ...stub, content: { kind: 'undecryptable' } });
    expect(await unread()).toEqual([['6281123456789', 1]]);
    await come(ANN, { waMessageId: 'S1', text: 'now' });
    expect(await unread()).toEqual([['6281123456789', 1]]);
    expect((await list()).body.data.chats[0].lastMessage.text).toBe('now');
  });

  it('two chats become one when it is learnt that they are one person', async () => {
    await come(ANN_LID);
    await come(ANN);
    expect(await unread()).toHaveLength(2);
    const { pool } = fixture.database;
    await learnContacts(pool, [{ sessionId: session.id, jid: ANN, altJid: ANN_LID, at: new Date() }]);
    await publishContactMerges(pool, [{ sessionId: session.id, epoch: 1 }]);
    expect(await unread()).toEqual([['6281123456789', 2]]);
    await come(ANN_LID);
    expect(await unread()).toEqual([['6281123456789', 3]]);
  });

  it('finds chats by a name, a number in any spelling, or a group by its id', async () => {
    await come(ANN_LID, { chatAltJid: ANN, senderName: 'Ann Wijaya' });
    await come(BOB, { senderName: 'Bob 100%' });
    await come(GROUP, { fromJid: BOB });
    for (const search of ['wijaya', 'ANN', '+62 811-2345', '0811 2345 6789', '111222']) {
      expect(await unread(`?search=${encodeURIComponent(search)}`), search).toEqual([['111222333', 1]]);
    }
    expect(await unread('?search=100%25')).toEqual([['6281987654321', 1]]);
    expect(await unread('?search=0_0')).toEqual([]);
    expect(await unread('?search=12036304')).toEqual([['120363041234567890', 1]]);
  });

  it('has pages that go on where the one before has ended', async () => {
    for (let n = 0; n < 7; n += 1) await come(`62812000000${n}@s.whatsapp.net`);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const { body } = await list(`?limit=3${cursor ? `&cursor=${cursor}` : ''}`);
      seen.push(...body.data.chats.map(({ chat }: Shown) => chat));
      cursor = body.data.pagination.nextCursor;
      // A chat that becomes active meanwhile does not shift the next page.
      if (seen.length === 3) await come('628120000009@s.whatsapp.net');
    } while (cursor);
    expect(seen).toEqual([6, 5, 4, 3, 2, 1, 0].map((n) => `62812000000${n}@s.whatsapp.net`));
  });

  it('is of the workspace; a session key and a route of a session show theirs', async () => {
    const second = await fixture.createSession(user);
    await fixture.setState(second, 'CONNECTED');
    await come(ANN);
    await come(BOB, {}, second);
    expect(await unread()).toHaveLength(2);
    expect(await chats('', second.key)).toMatchObject([{ chat: BOB, sessionId: second.slug }]);
    expect(await chats('', user.token, `/api/sessions/${session.slug}/chats`)).toMatchObject([{ chat: ANN }]);
    expect(await unread(`?sessionId=${second.slug}`)).toEqual([['6281987654321', 1]]);
    const stranger = await fixture.register();
    expect(await chats('', stranger.token)).toEqual([]);
    expect((await list('', stranger.token, `/api/sessions/${session.slug}/chats`)).status).toBe(404);
    expect((await list('', second.key, `/api/sessions/${session.slug}/chats`)).status).toBe(404);
  });

  it.each([
    ['?cursor=1', 400],
    ['?unread=maybe', 400],
    ['?search=', 400],
    ['?limit=0', 400],
    ['?sessionId=nowhere', 404],
  ])('refuses %s', async (query, status) => {
    expect((await list(query)).status).toBe(status);
  });

  it('loses a chat with its last message, and shows the one before when only the last is gone', async () => {
    const first = await come(ANN, { text: 'first' });
    const second = await come(ANN, { text: 'second' });
    expect((await list()).body.data.chats[0].lastMessage.id).toBe(second);
    const remove = (id: string) => fixture.database.pool.query('DELETE FROM messages WHERE id = $1', [id]);
    await remove(second);
    expect((await list()).body.data.chats[0].lastMessage.id).toBe(first);
    await remove(first);
    expect(await chats()).toEqual([]);
  });
});
