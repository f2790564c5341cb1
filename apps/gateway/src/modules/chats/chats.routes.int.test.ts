import {
  type InboundMessage,
  learnContacts,
  publishContactMerges,
  recordOutcomes,
  type SettingsPage,
  type SharedSetting,
  storeChatReads,
  storeSettings,
} from '@wa-gate/messaging';
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

describe('settings that the devices of the account share (MR-035)', () => {
  let version = 0;
  beforeEach(() => {
    version = 0;
  });
  /** What its owner reads from WhatsApp. */
  function tell(settings: SharedSetting[], page: Partial<SettingsPage> = {}, epoch = 1) {
    version += 1;
    const read = { collection: 'regular_low', account: '628', version, isFromStart: false, isSilent: false } as const;
    return storeSettings(fixture.database.pool, { sessionId: session.id, epoch }, { ...read, settings, ...page });
  }
  const named = async (query: string) => (await chats(query)).map(({ chat }) => chat);
  const eventsOf = async (type: string) => {
    const { rows } = await fixture.database.pool.query<{ data: Record<string, unknown> }>(
      'SELECT data FROM events WHERE session_id = $1 AND type = $2 ORDER BY seq',
      [session.id, type],
    );
    return rows.map(({ data }) => data);
  };
  const waNameOf = async (id: string) => {
    const { rows } = await fixture.database.pool.query<{ wa: string }>(
      'SELECT wa_message_id AS wa FROM messages WHERE id = $1',
      [id],
    );
    return rows[0]!.wa;
  };
  const later = Date.now() + 3_600_000;

  it('a message that the account deletes for itself says so, once, and stays in the lists (MR-012, I2)', async () => {
    const id = await come(ANN, { text: 'not for me' });
    const [waMessageId, at] = [await waNameOf(id), Date.parse('2026-01-15T10:30:00.000Z')];
    const deletion = { kind: 'deletion', chat: ANN, waMessageId, fromMe: false, at } as const;
    const page = { collection: 'regular_high' } as const;
    await tell([deletion, { ...deletion, waMessageId: 'of before the link' }], page);
    await tell([{ ...deletion, at: at + 1_000 }], page);
    expect(await eventsOf('message.deleted')).toMatchObject([
      {
        chat: ANN,
        messageId: id,
        waMessageId,
        fromMe: false,
        timestamp: at / 1_000,
        identities: { chat: { jid: ANN } },
      },
      { chat: ANN, messageId: null, waMessageId: 'of before the link' },
    ]);
    const shown = await fixture.call('GET', `/api/messages/${id}`, { as: session.key });
    expect(shown.body.data).toMatchObject({ text: 'not for me', deletedForMeAt: new Date(at).toISOString() });
    const other = await come(ANN, { text: 'of another owner' });
    await tell([{ ...deletion, waMessageId: await waNameOf(other) }], page, 0);
    expect(
      (await fixture.call('GET', `/api/messages/${other}`, { as: session.key })).body.data.deletedForMeAt,
    ).toBeNull();
  });

  it('are shown with the chats, by whatever name they came, and chosen by filters', async () => {
    await come(ANN_LID, { chatAltJid: ANN, senderName: 'Ann' });
    await come(BOB);
    await come(GROUP, { fromJid: BOB });
    await tell([
      { kind: 'archive', chat: ANN, isOn: true },
      { kind: 'pin', chat: BOB, isOn: true, at: Date.now() },
      { kind: 'mute', chat: GROUP, until: Number.POSITIVE_INFINITY },
      { kind: 'mute', chat: BOB, until: later },
      { kind: 'mark', chat: GROUP, isUnread: true, upTo: null },
    ]);
    const off = { isArchived: false, isPinned: false, isMuted: false, mutedUntil: null, isMarkedUnread: false };
    expect(await chats()).toMatchObject([
      { chat: GROUP, ...off, isMuted: true, isMarkedUnread: true },
      { chat: BOB, ...off, isPinned: true, isMuted: true, mutedUntil: new Date(later).toISOString() },
      { chat: ANN_LID, ...off, isArchived: true, labels: [] },
    ]);
    expect(await named('?archived=true')).toEqual([ANN_LID]);
    expect(await named('?archived=false')).toEqual([GROUP, BOB]);
    expect(await named('?pinned=true')).toEqual([BOB]);
    expect(await named('?muted=true&pinned=false')).toEqual([GROUP]);
    await tell([{ kind: 'archive', chat: ANN_LID, isOn: false }]);
    expect(await named('?archived=true')).toEqual([]);
    expect((await eventsOf('chat.updated')).map(({ changed }) => changed)).toEqual([
      ['isArchived'],
      ['isPinned'],
      ['isMuted'],
      ['isMuted', 'mutedUntil'],
      ['isMarkedUnread'],
      ['isArchived'],
    ]);
  });

  it('make no events when they are read for the first time or again, and what is gone is gone', async () => {
    await come(ANN);
    await tell([{ kind: 'archive', chat: ANN, isOn: true }], { isFromStart: true, isSilent: true });
    expect(await named('?archived=true')).toEqual([ANN]);
    await tell([], { isFromStart: true, isSilent: true });
    expect(await named('?archived=true')).toEqual([]);
    expect(await eventsOf('chat.updated')).toEqual([]);
  });

  it('are written by the owner of the session alone (I2)', async () => {
    await come(ANN);
    expect(await tell([{ kind: 'archive', chat: ANN, isOn: true }], {}, 99)).toMatchObject({
      isStale: true,
      events: [],
    });
    expect(await named('?archived=true')).toEqual([]);
  });

  it('a chat that is read on the phone has only later messages unread', async () => {
    const first = await come(ANN_LID, { chatAltJid: ANN });
    await come(ANN_LID, { chatAltJid: ANN });
    const owner = { sessionId: session.id, epoch: 1 };
    const read = { ...owner, chatJid: ANN_LID, waMessageIds: [await waNameOf(first)] };
    await storeChatReads(fixture.database.pool, [read]);
    expect(await unread()).toEqual([['111222333', 1]]);
    const { events } = await storeChatReads(fixture.database.pool, [read]);
    expect(events).toEqual([]);
    await tell([{ kind: 'mark', chat: ANN_LID, isUnread: false, upTo: null }]);
    expect(await unread()).toEqual([['111222333', 0]]);
    expect((await eventsOf('chat.read')).map(({ messageId }) => messageId)).toEqual([first, expect.any(String)]);
  });

  it('a chat that was deleted is gone until something is said there', async () => {
    await come(ANN);
    await come(BOB);
    await tell([{ kind: 'delete', chat: ANN, upTo: null }]);
    expect(await named('')).toEqual([BOB]);
    await come(ANN);
    expect(await unread()).toEqual([
      ['6281123456789', 1],
      ['6281987654321', 1],
    ]);
  });

  it('labels of WhatsApp Business are listed with what has them, and chats by their label', async () => {
    const message = await come(ANN_LID, { chatAltJid: ANN });
    await come(BOB);
    const paid = { labelId: '2', name: 'Paid', color: 3 };
    await tell(
      [
        { kind: 'label', ...paid, isDeleted: false },
        { kind: 'label', labelId: '10', name: 'Old', color: 0, isDeleted: false },
        { kind: 'labelled', labelId: '2', chat: ANN, waMessageId: null, isOn: true },
        { kind: 'labelled', labelId: '2', chat: ANN, waMessageId: await waNameOf(message), isOn: true },
        { kind: 'label', labelId: '10', name: '', color: 0, isDeleted: true },
      ],
      { collection: 'regular' },
    );
    const { body } = await fixture.call('GET', `/api/sessions/${session.slug}/labels`, { as: session.key });
    expect(body.data.labels).toEqual([{ ...paid, chatCount: 1, messageCount: 1, updatedAt: expect.any(String) }]);
    expect(await chats('?label=2')).toMatchObject([{ chat: ANN_LID, labels: [paid] }]);
    expect(await named('?label=10')).toEqual([]);
    expect((await eventsOf('label.assigned')).at(-1)).toMatchObject({ name: 'Paid', messageId: message });
  });

  it('messages with a star are listed, the newest first, in pages', async () => {
    const ids = [await come(ANN_LID, { chatAltJid: ANN }), await come(BOB), await come(ANN)];
    const star = async (chat: string, id: string, isOn = true) =>
      tell([{ kind: 'star', chat, waMessageId: await waNameOf(id), fromMe: false, isOn, at: Date.now() }], {
        collection: 'regular_high',
      });
    // By the number, where the message came under the LID.
    await star(ANN, ids[0]!);
    await star(BOB, ids[1]!);
    await star(ANN, ids[2]!);
    const starred = async (query: string) =>
      (await fixture.call('GET', `/api/sessions/${session.slug}/messages/starred${query}`, { as: session.key })).body
        .data;
    const page = await starred('?limit=2');
    expect(page.messages.map(({ id }: { id: string }) => id)).toEqual([ids[2], ids[1]]);
    const next = await starred(`?limit=2&cursor=${page.pagination.nextCursor}`);
    expect(next.messages.map(({ id }: { id: string }) => id)).toEqual([ids[0]]);
    await star(ANN_LID, ids[0]!, false);
    expect((await starred('')).messages).toHaveLength(2);
  });
});
