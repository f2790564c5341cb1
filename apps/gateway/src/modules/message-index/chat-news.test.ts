import { expect, it } from 'vitest';
import {
  type ChatMessage,
  type ChatNews,
  changedMessages,
  chatsAfter,
  type IndexedEvent,
  newsOfChats,
  type StoredChat,
} from './chat-news.ts';

const PN = '15551234567@s.whatsapp.net';
const LID = '111222333@lid';

const stored = (jid: string, lastMessageId: string, unreadCount = 0, altJid: string | null = null): StoredChat => ({
  jid,
  altJid,
  lastMessageId,
  unreadCount,
});
const news = (id: string | null, more: Partial<ChatNews> = {}): ChatNews => ({
  names: [PN],
  lastMessageId: id,
  isRead: false,
  unread: id === null ? 0 : 1,
  ...more,
});

it('counts what comes as unread, and what the account says makes it read', () => {
  const answer = { isRead: true, unread: 0 };
  const after = (its: ChatNews[]) => chatsAfter([stored(PN, '1', 3)], its, []).written[0];
  expect(after([news('2'), news('3')])).toEqual(stored(PN, '3', 5));
  expect(after([news('2'), news('3', answer)])).toEqual(stored(PN, '3', 0));
  expect(after([news('3', answer), news('4'), news('5')])).toEqual(stored(PN, '5', 2));
});

it('shows the message with the latest id, also when an older one is told later', () => {
  expect(chatsAfter([stored(PN, '5')], [news('3')], []).written).toEqual([stored(PN, '5', 1)]);
});

it('takes chats that share a name for one, by a message, by a person or by what was learnt since', () => {
  const both = [stored(PN, '4', 1), stored(LID, '7', 2)];
  const joined = { written: [stored(LID, '7', 3, PN)], joined: [PN] };
  expect(chatsAfter(both, [news(null, { names: [PN, LID] })], [])).toEqual(joined);
  expect(chatsAfter(both, [news(null)], [[LID, PN]])).toEqual(joined);
  expect(chatsAfter(both, [news('8', { names: [LID, PN] })], []).written).toEqual([stored(LID, '8', 4, PN)]);
  const fresh = chatsAfter([], [news('1', { names: [LID] }), news('2', { names: [PN, LID] })], []);
  expect(fresh).toEqual({ written: [stored(LID, '2', 2, PN)], joined: [] });
});

it('counts a message once that had come under two names', () => {
  const merged = (messageId: string): IndexedEvent => ({
    sessionId: 's',
    seq: 1,
    type: 'contact.merged',
    messageId: null,
    data: { jids: [PN, LID], mergedMessages: [{ messageId, mergedMessageIds: ['7'] }] },
  });
  const messages = new Map<string, ChatMessage>([
    ['4', { id: '4', chatJid: PN, chatAltJid: null, fromMe: false }],
    ['5', { id: '5', chatJid: PN, chatAltJid: null, fromMe: true }],
  ]);
  const both = [stored(PN, '4', 1), stored(LID, '7', 1)];
  const unread = (messageId: string) =>
    chatsAfter(both, newsOfChats([merged(messageId)], messages), []).written[0]!.unreadCount;
  expect([unread('4'), unread('5')]).toEqual([1, 2]);
  expect(changedMessages(merged('4'))).toEqual(['4']);
});

it('writes nothing where nothing has changed', () => {
  expect(chatsAfter([stored(PN, '4')], [news(null)], [])).toEqual({ written: [], joined: [] });
  expect(chatsAfter([], [news(null)], [[PN, LID]])).toEqual({ written: [], joined: [] });
});

it('reads the news of chats off the events', () => {
  const messages = new Map<string, ChatMessage>(
    [
      { id: '1', chatJid: LID, chatAltJid: PN, fromMe: false },
      { id: '2', chatJid: PN, chatAltJid: null, fromMe: true },
    ].map((message) => [message.id, message]),
  );
  const event = (
    type: IndexedEvent['type'],
    messageId: string | null,
    data: IndexedEvent['data'] = null,
  ): IndexedEvent => ({
    sessionId: 's',
    seq: 1,
    type,
    messageId,
    data,
  });
  const found = newsOfChats(
    [
      event('message.received', '1'),
      event('message.sent', '2'),
      event('message.failed', '2'),
      event('message.delivered', '2'),
      event('message.recovered', '1'),
      event('message.received', 'deleted since'),
      event('session.status', null),
      event('contact.merged', null, { jids: [PN, LID] }),
    ],
    messages,
  );
  expect(found).toEqual([
    { names: [LID, PN], lastMessageId: '1', isRead: false, unread: 1 },
    { names: [PN], lastMessageId: '2', isRead: true, unread: 0 },
    { names: [PN, LID], lastMessageId: null, isRead: false, unread: 0 },
  ]);
});
